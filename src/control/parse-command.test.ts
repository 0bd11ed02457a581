import { describe, expect, it } from 'vitest'
import type { LabCommand } from './commands'
import { durationMax, parseDuration } from './duration'
import { commandsMax, parseCommand, parseCommands } from './parse-command'

describe('duration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['30s', 30_000_000],
    ['1h30m', 5_400_000_000],
    ['2.5s', 2_500_000],
    ['.5s', 500_000],
    ['1.s', 1_000_000],
    ['500ms', 500_000],
    ['7us', 7],
    ['7µs', 7],
    ['7μs', 7],
    ['1500ns', 2],
    ['1m1m', 120_000_000],
    ['720h', durationMax],
    ['720h1ms', undefined],
    ['99999999999999999999h', undefined],
    ['', undefined],
    ['1', undefined],
    ['s', undefined],
    ['.s', undefined],
    ['-5s', undefined],
    ['5 s', undefined],
    ['5s ', undefined],
    ['1d', undefined],
    ['5sx', undefined],
    ['1e3s', undefined],
    ['Infinity', undefined],
  ])('%j is %s µs', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })
})

const good: { readonly [type in LabCommand['type']]: readonly object[] } = {
  powerOff: [
    { machine: 'master-1' },
    { machine: 'm', how: 'abrupt' },
    { machine: 'm', how: 'graceful' },
  ],
  powerOn: [{ machine: 'master-1' }],
  isolate: [{ machine: 'm' }, { machine: 'm', from: 'peers' }, { machine: 'm', from: 'all' }],
  reconnect: [{ machine: 'm' }],
  cutLink: [{ from: 'a', to: 'b' }],
  healLink: [{ from: 'a', to: 'b' }],
  crashContainer: [{ pod: 'default/web' }, { namespace: 'a', pod: 'web', container: 'c' }],
  crashProcess: [{ machine: 'm', process: 'etcd' }],
  speed: [{ speed: 0 }, { speed: 0.5 }, { speed: 10_000 }, { speed: 'max' }],
  advance: [{ by: '30s' }, { by: '0' }, { by: '720h' }],
  settle: [{}, { within: '10m' }],
  step: [{}],
  request: [{ from: 'outside', url: 'http://web.default' }],
  addWorker: [{}, { cpu: '500m', memory: '8Gi' }],
}

const cases = Object.entries(good).flatMap(([type, all]) => all.map((rest) => ({ type, ...rest })))

describe('commands', () => {
  it.each(cases)('takes %j', (command) => {
    expect(parseCommand(command)).toEqual({ ok: true, command })
  })

  it.each(cases)('refuses %j with a field too many or of a wrong type', (command) => {
    const { type } = command
    const extra = parseCommand({ ...command, colour: 'red' })
    expect(extra).toEqual({ ok: false, error: `${type}: unknown field "colour"` })
    for (const field of Object.keys(command).filter((name) => name !== 'type')) {
      for (const wrong of [null, 7.5e6, '', [], {}, true]) {
        const parsed = parseCommand({ ...command, [field]: wrong })
        expect(parsed.ok ? parsed : parsed.error).toMatch(
          new RegExp(`^${type}\\.${field} must be `),
        )
      }
    }
  })

  it.each([
    ['powerOff', { type: 'powerOff' }, 'powerOff.machine must be a non-empty string'],
    [
      'how',
      { type: 'powerOff', machine: 'm', how: 'softly' },
      'powerOff.how must be one of "abrupt", "graceful"',
    ],
    [
      'speed',
      { type: 'speed', speed: -1 },
      'speed.speed must be "max" or a number from 0 to 10000',
    ],
    ['NaN', { type: 'speed', speed: Number.NaN }, /^speed.speed must be/],
    ['size', { type: 'addWorker', cpu: 'banana' }, /^addWorker.cpu must be a quantity above zero/],
    ['no size', { type: 'addWorker', memory: '0' }, /^addWorker.memory must be a quantity/],
    ['huge size', { type: 'addWorker', memory: '9000Ei' }, /^addWorker.memory must be a quantity/],
    ['negative size', { type: 'addWorker', cpu: '-1' }, /^addWorker.cpu must be a quantity/],
    ['far', { type: 'advance', by: '8000h' }, /must be a duration of at most 30 days/],
    ['unknown type', { type: 'explode' }, /^unknown command type "explode"; known: powerOff, /],
    ['no type', {}, /^unknown command type undefined/],
    ['inherited type', { type: 'toString' }, /^unknown command type "toString"/],
    ['__proto__ type', { type: '__proto__' }, /^unknown command type "__proto__"/],
    [
      '__proto__ field',
      JSON.parse('{"type":"step","__proto__":{"polluted":1}}'),
      'step: unknown field "__proto__"',
    ],
    [
      'inherited field',
      JSON.parse('{"type":"step","constructor":1}'),
      'step: unknown field "constructor"',
    ],
    ['null', null, 'a command must be an object with a "type"'],
    ['text', 'step', 'a command must be an object with a "type"'],
    ['array', [[{ type: 'step' }]], 'a command must be an object with a "type"'],
  ])('refuses %s', (_, command, error) => {
    const parsed = parseCommand(command)
    if (parsed.ok) expect.fail('it was taken')
    if (error instanceof RegExp) expect(parsed.error).toMatch(error)
    else expect(parsed.error).toBe(error)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('takes one, none or up to a thousand, and refuses all for one that is wrong', () => {
    const step: LabCommand = { type: 'step' }
    expect(parseCommands(step)).toEqual({ ok: true, commands: [step] })
    expect(parseCommands([])).toEqual({ ok: true, commands: [] })
    expect(parseCommands(Array(commandsMax).fill(step))).toMatchObject({ ok: true })
    expect(parseCommands(Array(1001).fill(step))).toEqual({
      ok: false,
      error: '1001 commands are too many: at most 1000',
    })
    const error = 'command 1: powerOn.machine must be a non-empty string'
    expect(parseCommands([step, { type: 'powerOn' }])).toEqual({ ok: false, error })
  })
})
