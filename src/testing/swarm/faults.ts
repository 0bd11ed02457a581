import type { LabCommand } from '../../control/commands'
import type { Random } from '../../sim/random'
import { type Micros, millis, seconds } from '../../sim/time'
import { observerName } from '../checkers/observer'
import type { Scenario } from '../scenario/scenario'

/** Something that goes wrong, and how it is put right again. */
type Fault = (c: Scenario, chance: Random, heal: (after: Micros, what: () => void) => void) => void

const controlPlane = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const
const everywhere = ['kubelet', 'kube-proxy', 'containerd'] as const

/** Classes of faults; each run has a random half of them. */
export const faults: Readonly<Record<string, Fault>> = {
  powerOffAbrupt: (c, chance, heal) => powerOff(c, chance, heal, 'abrupt'),
  powerOffGraceful: (c, chance, heal) => powerOff(c, chance, heal, 'graceful'),
  isolate(c, chance, heal) {
    const machine = anyMachine(c, chance)
    lab(c, { type: 'isolate', machine, from: 'all' })
    heal(duration(chance), () => lab(c, { type: 'reconnect', machine }))
  },
  isolateFromPeers(c, chance, heal) {
    const machine = anyMaster(c, chance)
    lab(c, { type: 'isolate', machine, from: 'peers' })
    heal(duration(chance), () => lab(c, { type: 'reconnect', machine }))
  },
  cutOneWay(c, chance, heal) {
    const [from, to] = twoMachines(c, chance)
    lab(c, { type: 'cutLink', from, to })
    heal(duration(chance), () => lab(c, { type: 'healLink', from, to }))
  },
  loseMessages: (c, chance, heal) =>
    disturb(c, chance, heal, { lossPermille: chance.between(50, 500) }),
  slowWires: (c, chance, heal) =>
    disturb(c, chance, heal, { extraLatencyMicros: millis(chance.between(5, 800)) }),
  killControlPlane(c, chance) {
    const process = controlPlane[chance.below(controlPlane.length)] as string
    lab(c, { type: 'crashProcess', machine: anyMaster(c, chance), process })
  },
  killNodeProcess(c, chance) {
    const process = everywhere[chance.below(everywhere.length)] as string
    lab(c, { type: 'crashProcess', machine: anyNode(c, chance), process })
  },
  slowDisk(c, chance, heal) {
    const machine = c.sim.machine(anyNode(c, chance))
    if (!machine) return
    machine.disk.slowness = chance.between(10, 1_000)
    heal(duration(chance), () => {
      machine.disk.slowness = 1
    })
  },
  crashContainer(c, chance) {
    const running = c.sim.machines.flatMap(({ id }) => containersOn(c, id))
    const pod = running[chance.below(Math.max(1, running.length))]
    if (pod) lab(c, { type: 'crashContainer', ...pod })
  },
  restartBalancer(c) {
    lab(c, { type: 'crashProcess', machine: 'lb-1', process: 'load-balancer' })
  },
}

/** Everything on, connected and quick again. */
export function healAll(c: Scenario): void {
  for (const machine of c.sim.machines) {
    machine.disk.slowness = 1
    lab(c, { type: 'reconnect', machine: machine.id })
    if (machine.power !== 'on') lab(c, { type: 'powerOn', machine: machine.id })
  }
}

/** Carries out a command; that it may not be possible just now is part of the game. */
function lab(c: Scenario, command: LabCommand): void {
  c.tryPerform(command)
}

const duration = (chance: Random): Micros => millis(chance.between(500, 25_000))

function pick<T>(chance: Random, from: readonly T[]): T {
  return from[chance.below(from.length)] as T
}

const named = (c: Scenario, ...prefixes: readonly string[]): string[] =>
  c.sim.machines.map(({ id }) => id).filter((id) => prefixes.some((p) => id.startsWith(p)))

const anyMaster = (c: Scenario, chance: Random): string => pick(chance, named(c, 'master-'))
const anyNode = (c: Scenario, chance: Random): string =>
  pick(chance, named(c, 'master-', 'worker-'))
const anyMachine = (c: Scenario, chance: Random): string =>
  pick(chance, named(c, 'master-', 'worker-', 'lb-'))

function twoMachines(c: Scenario, chance: Random): [string, string] {
  const from = anyMachine(c, chance)
  const others = named(c, 'master-', 'worker-', 'lb-').filter((id) => id !== from)
  return [from, pick(chance, others)]
}

function powerOff(
  c: Scenario,
  chance: Random,
  heal: (after: Micros, what: () => void) => void,
  how: 'abrupt' | 'graceful',
): void {
  const machine = anyMachine(c, chance)
  lab(c, { type: 'powerOff', machine, how })
  // A quarter stays away long enough for its pods to be evicted.
  const away = chance.chance(250) ? seconds(chance.between(60, 90)) : duration(chance)
  heal(away, () => lab(c, { type: 'powerOn', machine }))
}

function disturb(
  c: Scenario,
  chance: Random,
  heal: (after: Micros, what: () => void) => void,
  fault: { readonly lossPermille?: number; readonly extraLatencyMicros?: Micros },
): void {
  const victim = c.sim.machine(anyMachine(c, chance))
  const others = c.sim.machines.filter(({ id }) => id !== observerName && id !== victim?.id)
  const set = (wrong: typeof fault | undefined) => {
    for (const other of others) {
      if (!victim || c.sim.wires.fault(victim, other)?.cut) continue
      c.sim.wires.setFault(victim, other, wrong)
      c.sim.wires.setFault(other, victim, wrong)
    }
  }
  set(fault)
  heal(duration(chance), () => set(undefined))
}

interface PodContainers {
  pods: readonly {
    sandboxes: readonly { config: { name: string; namespace: string }; ready: boolean }[]
  }[]
}

function containersOn(c: Scenario, machine: string): { namespace: string; pod: string }[] {
  const runtime = c.sim.machine(machine)?.process('containerd')
  if (runtime?.status !== 'running') return []
  const inside = runtime.program.inspect?.() as PodContainers | undefined
  return (inside?.pods ?? []).flatMap(({ sandboxes }) => {
    const ready = sandboxes.find((sandbox) => sandbox.ready)
    return ready ? [{ namespace: ready.config.namespace, pod: ready.config.name }] : []
  })
}
