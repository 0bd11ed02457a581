import type { RegisterInput, RegisterOperation, RegisterOutput, RegisterValue } from './register'

const line = /^INFO\s+jepsen\.util - (\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.+)$/

/**
 * The history of one register in Jepsen's log of its etcd test. A line is `INFO jepsen.util -
 * PROCESS :invoke|:ok|:fail|:info :read|:write|:cas VALUE`; other lines are passed over. A write or
 * compare-and-swap that ends with `:info` timed out; a read or write that failed did nothing.
 */
export function parseJepsenLog(text: string): RegisterOperation[] {
  const operations: RegisterOperation[] = []
  const open = new Map<string, { input: RegisterInput; call: number }>()
  const finish = (process: string, end: number, output: RegisterOutput) => {
    const begun = open.get(process)
    if (!begun) throw new Error(`line ${end}: process ${process} has called nothing`)
    open.delete(process)
    if (begun.input.type === 'read' && output.type !== 'ok') return
    const known = output.type !== 'unknown'
    operations.push({ ...begun, end: known ? end : Number.POSITIVE_INFINITY, output })
  }
  for (const [index, row] of text.split('\n').entries()) {
    const match = line.exec(row.trim())
    if (!match) continue
    const [, process, type, what, value] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ]
    const number = index + 1
    if (type === 'invoke') open.set(process, { input: inputOf(what, value), call: number })
    else if (type === 'ok') {
      const read = what === 'read' ? { value: registerValue(value) } : {}
      finish(process, number, { type: 'ok', ...read })
    } else if (type === 'info') finish(process, number, { type: 'unknown' })
    else if (what === 'cas') finish(process, number, { type: 'refused' })
    else open.delete(process)
  }
  for (const process of [...open.keys()]) {
    finish(process, Number.POSITIVE_INFINITY, { type: 'unknown' })
  }
  return operations
}

function inputOf(what: string, value: string): RegisterInput {
  if (what === 'read') return { key: '', type: 'read' }
  if (what === 'write') return { key: '', type: 'write', value: registerValue(value) }
  const pair = /^\[(\S+)\s+(\S+)\]$/.exec(value)
  if (!pair) throw new Error(`not a pair: ${value}`)
  const [expected, next] = [registerValue(pair[1] as string), registerValue(pair[2] as string)]
  return { key: '', type: 'cas', expected, value: next }
}

function registerValue(text: string): RegisterValue {
  return text === 'nil' ? null : Number(text)
}
