import { describe, expect, it } from 'vitest'
import type { ProcessEnv } from '../../sim/process'
import { Simulation } from '../../sim/simulation'
import { Future } from '../../sim/task'
import { seconds } from '../../sim/time'
import { Shell } from './run'
import { parseScript } from './syntax'
import type { ShellSystem } from './system'

interface Ran {
  readonly output: string
  readonly code: number | undefined
  readonly seconds: number
}

function runScript(script: string, until = seconds(100), signalAt?: number): Ran {
  const sim = new Simulation({ seed: 1, epochMs: Date.UTC(2026, 0, 1), latencyMicros: 1 })
  let output = ''
  let code: number | undefined
  let endedAt = 0
  const program = (env: ProcessEnv) => ({ start: () => begin(env) })
  const machine = sim.addMachine({
    id: 'm',
    ip: '10.0.0.1',
    bootMicros: 0,
    boot: (host) => void host.start('sh', program),
  })
  function begin(env: ProcessEnv) {
    const system: ShellSystem = {
      hostname: 'web-1',
      env: { NAME: 'ann', EMPTY: '' },
      files: new Map([['/etc/config/key', 'value\n']]),
      wall: () => env.clock.wall(),
      sleep: (delay) => env.clock.sleep(delay),
      random: (bound) => env.random.below(bound),
      start: () => undefined,
      http: () => {
        const answer = new Future<{ status: number; body: string; latencyMicros: number }>()
        answer.resolve({ status: 200, body: 'hi', latencyMicros: 0 })
        return answer
      },
    }
    const shell = new Shell(system, 'sh', (task) => env.spawn(task))
    const argv = ['sh', '-c', script]
    const write = (text: string) => {
      output += text
    }
    env.spawn(shell.runArgv(argv, write)).onDone((value) => {
      code = value
      endedAt = sim.now
    })
    if (signalAt !== undefined) env.clock.after(signalAt, () => shell.terminate())
  }
  machine.powerOn()
  sim.runUntil(until)
  return { output, code, seconds: endedAt / 1_000_000 }
}

const cases: readonly [script: string, output: string, code: number, seconds?: number][] = [
  ['echo x; sleep 10; exit 3', 'x\n', 3, 10],
  ['sleep 1.5 && echo done || echo no', 'done\n', 0, 1.5],
  ['false || echo "a  b"', 'a  b\n', 0],
  [`echo 'one $NAME' "two $NAME" \${NOPE:-three}`, 'one $NAME two ann three\n', 0],
  ['nonsense --flag', 'sh: nonsense: not found\n', 127],
  ['if [ -f /etc/config/key ]; then cat /etc/config/key; else exit 9; fi', 'value\n', 0],
  ['for i in 1 2 3; do echo $i; if [ $i = 2 ]; then break; fi; done', '1\n2\n', 0],
  ['i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done', '1\n2\n3\n', 0],
  ['until [ -e /tmp/x ]; do sleep 1; touch /tmp/x; done; echo ok', 'ok\n', 0, 1],
  ['set -e; false; echo never', '', 1],
  ['set -e; false || true; echo on', 'on\n', 0],
  ['echo "$(hostname)-$(echo a | wc -l)"', 'web-1-1\n', 0],
  [
    'echo log >> /tmp/l; echo more >> /tmp/l; cat /tmp/l; rm /tmp/l; cat /tmp/l 2>/dev/null',
    'log\nmore\n',
    1,
  ],
  ['cat /nope', "cat: can't open '/nope': No such file or directory\n", 1],
  ['(sleep 5; echo late) & wait; echo end', 'late\nend\n', 0, 5],
  ['exec sleep 4', '', 0, 4],
  ['date +%Y-%m-%d', '2026-01-01\n', 0],
  ['wget -qO- http://web', 'hi\n', 0],
  ['test $EMPTY; echo $?', '1\n', 0],
  ['exit 300', '', 44],
  ['! true; echo $?', '1\n', 0],
  [`x=5; x=$((x * 2 - 1)); echo \${x}`, '9\n', 0],
  ['echo a; # comment\n echo b', 'a\nb\n', 0],
  ['sh -c "exit 7"; echo $?', '7\n', 0],
  ['(x=1; exit 3); echo $?$x', '3\n', 0],
  ['if true', 'sh: syntax error: unexpected end of file\n', 2],
]

describe('the shell of containers', () => {
  it.each(cases)('%s', (script, output, code, took) => {
    const ran = runScript(script)
    expect([ran.output, ran.code]).toEqual([output, code])
    if (took !== undefined) expect(ran.seconds).toBeCloseTo(took, 1)
  })

  it('reacts to SIGTERM only with a trap, after the present command', () => {
    expect(runScript('while true; do sleep 1; done', seconds(60), seconds(5)).code).toBe(undefined)
    const script = 'trap "echo bye; exit 0" TERM; while true; do sleep 2; done'
    const trapped = runScript(script, seconds(60), seconds(5))
    expect(trapped).toEqual({ output: 'bye\n', code: 0, seconds: 6 })
    const waiting = runScript('trap "exit 5" TERM; sleep 100 & wait', seconds(60), seconds(5))
    expect(waiting).toMatchObject({ code: 5, seconds: 5 })
  })

  it('cannot stop virtual time', () => {
    for (const body of [':', '(true)', 'wget -q http://web', 'sleep 1 &', 'echo $(true)']) {
      expect(runScript(`while true; do ${body}\ndone`, seconds(20)).code).toBe(undefined)
    }
  })

  it('never fails on odd scripts', () => {
    for (const script of [
      '"',
      "'",
      '$(',
      '${',
      ';;',
      '&&',
      '|',
      '> ',
      ')(',
      'for',
      'do done',
      '`',
    ]) {
      expect(parseScript(script).ok || script !== '').toBe(true)
    }
  })
})
