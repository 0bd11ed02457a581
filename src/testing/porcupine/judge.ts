import fs from 'node:fs'
import path from 'node:path'
import { checkHistory, type Verdict } from './check'
import { parseJepsenLog } from './jepsen-log'
import { registers } from './register'

interface Judgement {
  readonly file: string
  readonly result: Verdict['result']
  /** `undefined`: EXPECTED.tsv does not tell. */
  readonly expected: Verdict['result'] | undefined
  readonly right: boolean
  readonly ms: number
}

/** Judges every `*.log` of a directory against its EXPECTED.tsv (number of the file, verdict). */
export function judgeDirectory(directory: string, budgetMs: number): Judgement[] {
  const expected = readExpected(path.join(directory, 'EXPECTED.tsv'))
  return fs
    .readdirSync(directory)
    .filter((file) => file.endsWith('.log'))
    .sort()
    .map((file) => {
      const history = parseJepsenLog(fs.readFileSync(path.join(directory, file), 'utf8'))
      const began = performance.now()
      const { result } = checkHistory(registers, history, budgetMs)
      const ms = Math.round(performance.now() - began)
      const known = expected.get(Number(/(\d+)\D*$/.exec(file)?.[1] ?? Number.NaN))
      const right = known === undefined ? result !== 'unknown' : known === result
      return { file, result, expected: known, right, ms }
    })
}

function readExpected(file: string): ReadonlyMap<number, Verdict['result']> {
  const verdicts = new Map<number, Verdict['result']>()
  if (!fs.existsSync(file)) return verdicts
  for (const row of fs.readFileSync(file, 'utf8').split('\n')) {
    const [number, verdict] = row.trim().split(/\s+/)
    if (!number || !verdict) continue
    verdicts.set(Number(number), verdict === 'true' ? 'linearizable' : 'not linearizable')
  }
  return verdicts
}
