import type { Lease } from '../../api/generated/coordination-v1'
import type { Node, Pod } from '../../api/generated/core-v1'
import type { EtcdState, LabState, MachineState } from '../../control/state'
import { type ComponentName, componentNames } from './names'
import { type Reach, reachOf } from './reach'

/** Where the API and the physics disagree about a machine. */
export interface Disagreement {
  readonly word: string
  readonly sentence: string
}

export interface MachineView {
  /** What the machine really does. */
  readonly physical: 'on' | 'booting' | 'shutting-down' | 'off' | 'cut-off'
  /** What its Node says: `True`, `False`, `Unknown`; `missing` without a Node. */
  readonly ready: 'True' | 'False' | 'Unknown' | 'missing'
  /** `Ready`, `NotReady`, `Ready, cordoned`, `No Node yet`. */
  readonly readyWord: string
  readonly sentence: string
  readonly disagreement?: Disagreement
  readonly reach: Reach
}

export function readyStatusOf(node: Node | undefined): MachineView['ready'] {
  if (!node) return 'missing'
  const status = node.status?.conditions?.find((c) => c.type === 'Ready')?.status
  return status === 'True' || status === 'False' ? status : 'Unknown'
}

export function machineView(
  machine: MachineState,
  node: Node | undefined,
  machines: readonly MachineState[],
): MachineView {
  const ready = readyStatusOf(node)
  const reach = reachOf(machine, machines)
  const isCutOff = machine.power === 'on' && reach.kind === 'nobody'
  const physical = isCutOff ? 'cut-off' : machine.power
  const cordoned = node?.spec?.unschedulable === true
  const base = ready === 'missing' ? 'No Node yet' : ready === 'True' ? 'Ready' : 'NotReady'
  const disagreement = disagreementOf(machine.id, physical, ready)
  return {
    physical,
    ready,
    readyWord: cordoned ? `${base}, cordoned` : base,
    sentence: disagreement?.sentence ?? plainSentence(machine.id, { physical, ready, reach, node }),
    disagreement,
    reach,
  }
}

function disagreementOf(
  id: string,
  physical: MachineView['physical'],
  ready: MachineView['ready'],
): Disagreement | undefined {
  if (physical === 'off' && ready === 'True') {
    return {
      word: 'physically off',
      sentence: `${id} is off, but its Node still says Ready: nobody has missed its heartbeat long enough.`,
    }
  }
  if (physical === 'cut-off' && ready === 'True') {
    return {
      word: 'cut off',
      sentence: `${id} is cut off from the network, but its Node still says Ready.`,
    }
  }
  if (physical === 'cut-off') {
    return {
      word: 'still running',
      sentence: `${id} is cut off from the network. It still runs its containers, and the API cannot see it.`,
    }
  }
  if (physical === 'on' && ready === 'Unknown') {
    return {
      word: 'physically on',
      sentence: `${id} is on, but its Node has not been heard of for too long.`,
    }
  }
  return undefined
}

interface Standing {
  readonly physical: MachineView['physical']
  readonly ready: MachineView['ready']
  readonly reach: Reach
  readonly node: Node | undefined
}

function plainSentence(id: string, { physical, ready, reach, node }: Standing): string {
  if (physical === 'off') return `${id} is off.`
  if (physical === 'booting') return `${id} is starting up.`
  if (physical === 'shutting-down') return `${id} is shutting down and ends its containers first.`
  if (reach.kind === 'no-master') return `${id} is on, and no other master can hear it.`
  if (reach.kind === 'some') return `${id} is on, and its wire to ${reach.cutTo.join(', ')} is cut.`
  if (ready === 'missing') return `${id} is on and has not registered its Node yet.`
  if (ready === 'True') return `${id} is on and Ready.`
  const message = node?.status?.conditions?.find((c) => c.type === 'Ready')?.message
  return `${id} is on, and its Node is not Ready${message ? `: ${message}` : ''}.`
}

export interface ComponentView {
  readonly name: ComponentName
  /** `API server`, `etcd`, `controllers`, `scheduler`. */
  readonly label: string
  /** `running`: the process runs and answers its probes; `starting`: it runs; `down`: it does not. */
  readonly state: 'running' | 'starting' | 'down'
  /** Holds the lease by which one of several is chosen to act. */
  readonly active: boolean
  /** It thinks that it holds the lease, and the API says another does. */
  readonly deposed: boolean
  readonly sentence: string
}

const LABELS: { readonly [name in ComponentName]: string } = {
  'kube-apiserver': 'API server',
  etcd: 'etcd',
  'kube-controller-manager': 'controllers',
  'kube-scheduler': 'scheduler',
}

/** Machines by component: who holds its lease by the API, and who believes that it does. */
export interface Leaders {
  readonly holders: { readonly [name in ComponentName]?: string }
  readonly believers: { readonly [name: string]: readonly string[] }
}

/** The four components of a master: processes from the lab, readiness and leases from the API. */
export function componentViews(
  machine: MachineState,
  pods: { readonly [name in ComponentName]?: Pod },
  leaders: Leaders,
): readonly ComponentView[] {
  return componentNames.map((name) => {
    const process = machine.processes.find((p) => p.name === name || p.name.endsWith(`/${name}`))
    const pod = pods[name]
    const ready = pod?.status?.conditions?.find((c) => c.type === 'Ready')?.status === 'True'
    const runs = machine.power === 'on' && process?.state === 'running'
    const state = !runs ? 'down' : ready || !pod ? 'running' : 'starting'
    const active = leaders.holders[name] === machine.id
    const deposed = runs && !active && leaders.believers[name]?.includes(machine.id) === true
    return {
      name,
      label: LABELS[name],
      state,
      active,
      deposed,
      sentence: deposed
        ? `${name} believes that it holds the leader lease; the API says that another does.`
        : componentSentence(name, state, active),
    }
  })
}

function componentSentence(
  name: ComponentName,
  state: ComponentView['state'],
  active: boolean,
): string {
  const lease = active ? ' It holds the leader lease.' : ''
  if (state === 'down') return `${name} does not run.${lease}`
  if (state === 'starting') return `${name} runs and is not ready yet.${lease}`
  const leads = name === 'kube-controller-manager' || name === 'kube-scheduler'
  if (!leads) return `${name} runs.`
  return active
    ? `${name} runs and acts: it holds the leader lease.`
    : `${name} runs and stands by.`
}

/** The machine named by the holder of a lease: `master-2_3f0c…` → `master-2`. */
export function leaseMachine(lease: Lease | undefined): string | undefined {
  const holder = lease?.spec?.holderIdentity
  if (!holder) return undefined
  const end = holder.indexOf('_')
  return end < 0 ? holder : holder.slice(0, end)
}

export interface QuorumView {
  readonly members: number
  readonly alive: number
  readonly needed: number
  readonly leader?: EtcdState
  readonly term: number
}

/** How etcd stands, as its members really are. */
export function quorumView(state: LabState): QuorumView {
  const on = new Set(state.machines.filter((m) => m.power === 'on').map((m) => m.id))
  const alive = state.etcd.filter((m) => m.role !== 'down' && on.has(m.machine))
  const leaders = alive.filter((m) => m.role === 'leader').sort((a, b) => b.term - a.term)
  return {
    members: state.etcd.length,
    alive: alive.length,
    needed: Math.floor(state.etcd.length / 2) + 1,
    leader: leaders[0],
    term: alive.reduce((max, m) => Math.max(max, m.term), 0),
  }
}

/** `three masters: quorum 2, survives 1`: what a size stands for. */
export function quorumText(masters: number): string {
  const needed = Math.floor(masters / 2) + 1
  const survives = masters - needed
  return `quorum ${needed} of ${masters}, survives the loss of ${survives}`
}
