import { parseQuantity, quantityValue } from '../api/machinery/quantity'
import type { LabCommand } from './commands'
import { parseDuration } from './duration'

export type ParsedCommand =
  | { readonly ok: true; readonly command: LabCommand }
  | { readonly ok: false; readonly error: string }

/** A pebibyte; no machine has as many cores. */
const sizeMax = 2 ** 50

type Check = (value: unknown) => string | undefined

const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a non-empty string'
const optionalText: Check = (value) => (value === undefined ? undefined : text(value))
const duration: Check = (value) =>
  typeof value === 'string' && parseDuration(value) !== undefined
    ? undefined
    : 'must be a duration of at most 30 days, such as "30s" or "10m"'
const optionalDuration: Check = (value) => (value === undefined ? undefined : duration(value))
/** As a machine's size: of what Kubernetes can read, what a machine could have. */
const optionalSize: Check = (value) => {
  if (value === undefined) return undefined
  const read = typeof value === 'string' ? parseQuantity(value) : undefined
  const size = read?.ok ? quantityValue(read.quantity) : 0
  return size > 0 && size <= sizeMax
    ? undefined
    : 'must be a quantity above zero, such as "4" or "8Gi"'
}
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    value === undefined || words.includes(value as string)
      ? undefined
      : `must be one of ${words.map((word) => `"${word}"`).join(', ')}`
const speed: Check = (value) =>
  value === 'max' || (typeof value === 'number' && value >= 0 && value <= speedMax)
    ? undefined
    : `must be "max" or a number from 0 to ${speedMax}`

export const speedMax = 10_000
export const commandsMax = 1_000

const fields: { readonly [type in LabCommand['type']]: { readonly [field: string]: Check } } = {
  powerOff: { machine: text, how: oneOf('abrupt', 'graceful') },
  powerOn: { machine: text },
  isolate: { machine: text, from: oneOf('peers', 'all') },
  reconnect: { machine: text },
  cutLink: { from: text, to: text },
  healLink: { from: text, to: text },
  crashContainer: { namespace: optionalText, pod: text, container: optionalText },
  crashProcess: { machine: text, process: text },
  speed: { speed },
  advance: { by: duration },
  settle: { within: optionalDuration },
  step: {},
  request: { from: text, url: text },
  addWorker: { cpu: optionalSize, memory: optionalSize },
}

/** Takes a command only when every field is known and right; says which is not. */
export function parseCommand(value: unknown): ParsedCommand {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, error: 'a command must be an object with a "type"' }
  }
  const { type } = value as { type?: unknown }
  if (typeof type !== 'string' || !Object.hasOwn(fields, type)) {
    const known = Object.keys(fields).join(', ')
    return { ok: false, error: `unknown command type ${JSON.stringify(type)}; known: ${known}` }
  }
  const checks = fields[type as LabCommand['type']]
  for (const field of Object.keys(value)) {
    if (field !== 'type' && !Object.hasOwn(checks, field)) {
      return { ok: false, error: `${type}: unknown field "${field}"` }
    }
  }
  for (const [field, check] of Object.entries(checks)) {
    const problem = check((value as { [field: string]: unknown })[field])
    if (problem) return { ok: false, error: `${type}.${field} ${problem}` }
  }
  return { ok: true, command: value as LabCommand }
}

/** One command or an array of them; the first that is wrong refuses all. */
export function parseCommands(
  value: unknown,
): { ok: true; commands: readonly LabCommand[] } | { ok: false; error: string } {
  const list = Array.isArray(value) ? value : [value]
  if (list.length > commandsMax) {
    return { ok: false, error: `${list.length} commands are too many: at most ${commandsMax}` }
  }
  const commands: LabCommand[] = []
  for (const [position, item] of list.entries()) {
    const parsed = parseCommand(item)
    if (!parsed.ok) return { ok: false, error: `command ${position}: ${parsed.error}` }
    commands.push(parsed.command)
  }
  return { ok: true, commands }
}
