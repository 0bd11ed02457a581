import type { ClusterSpec } from '../control/spec'
import type {
  EtcdState,
  LabState,
  LeaseState,
  LinkState,
  MachineRole,
  MachineState,
} from '../control/state'
import type { MemberInspection } from '../etcd/inspection'
import type { Machine } from '../sim/machine'
import type { Simulation } from '../sim/simulation'
import { masterName, masterNames, zoneOf } from './addresses'

function roleOf(id: string): MachineRole {
  if (id.startsWith('master-')) return 'master'
  if (id.startsWith('worker-')) return 'worker'
  return id.startsWith('lb-') ? 'load-balancer' : 'client'
}

function linksOf(sim: Simulation, machine: Machine): LinkState[] {
  const links: LinkState[] = []
  for (const other of sim.machines) {
    const fault = sim.wires.fault(machine, other)
    if (fault) links.push({ to: other.id, state: fault.cut ? 'cut' : 'slow' })
  }
  return links
}

/** The balancer and the user's computer, whose size nothing depends on. */
const smallMachine = { cpu: '2', memory: '2Gi' }

function machineState(sim: Simulation, spec: ClusterSpec, machine: Machine): MachineState {
  const role = roleOf(machine.id)
  const number = Number(machine.id.slice(machine.id.lastIndexOf('-') + 1))
  const isNode = role === 'master' || role === 'worker'
  return {
    id: machine.id,
    role,
    power: machine.power,
    ip: machine.ip,
    ...(isNode ? { zone: zoneOf(spec, number) } : {}),
    ...(machine.spec.size ?? smallMachine),
    processes: machine.processes.map(({ name, status }) => ({ name, state: status })),
    links: linksOf(sim, machine),
    since: machine.powerSince,
  }
}

/** A member's inside, when its process runs. */
export function memberOf(sim: Simulation, master: string): MemberInspection | undefined {
  const process = sim.machine(master)?.process('etcd')
  if (process?.status !== 'running') return undefined
  return process.program.inspect?.() as MemberInspection | undefined
}

function etcdState(sim: Simulation, name: string): EtcdState {
  const member = memberOf(sim, name)
  if (!member) {
    const none = { term: 0, commitIndex: 0, appliedIndex: 0, revision: 0 }
    return { machine: name, role: 'down', leader: '', ...none }
  }
  const { term, role, leaderId, commitIndex, appliedIndex, revision } = member
  const leader = leaderId === 0 ? '' : masterName(leaderId)
  return { machine: name, term, role, leader, commitIndex, appliedIndex, revision }
}

const elected = ['kube-controller-manager', 'kube-scheduler'] as const

/** Who believes to lead: physics, so that a deposed leader that does not know yet shows too. */
function leases(sim: Simulation, spec: ClusterSpec): LeaseState[] {
  const found: LeaseState[] = []
  for (const machine of masterNames(spec)) {
    for (const name of elected) {
      const process = sim.machine(machine)?.process(name)
      if (process?.status !== 'running') continue
      const inside = process.program.inspect?.() as
        | { readonly leading: boolean; readonly holder: string }
        | undefined
      if (inside?.leading) found.push({ name, holder: inside.holder, machine })
    }
  }
  return found
}

export function physicalState(
  sim: Simulation,
  spec: ClusterSpec,
  settled: boolean,
): Omit<LabState, 'speed' | 'activity'> {
  return {
    time: sim.now,
    epochMs: sim.epochMs,
    seed: sim.seed,
    traceHash: sim.traceHash(),
    machines: sim.machines.map((machine) => machineState(sim, spec, machine)),
    etcd: masterNames(spec).map((name) => etcdState(sim, name)),
    leases: leases(sim, spec),
    settled,
  }
}
