import type { LabState, MachineState } from '../../control/state'
import type { ApiHealth } from '../store/api-probe'
import { quorumView } from './machine-view'
import { reachOf } from './reach'
import { clockText } from './time'

const NUMBERS = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven']

function number(count: number): string {
  return NUMBERS[count] ?? String(count)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** How the whole cluster stands, in a sentence. */
export interface ClusterStatus {
  readonly tone: 'calm' | 'starting' | 'degraded' | 'silent'
  readonly sentence: string
}

/** `nodeReady`: the status of each Node's Ready condition, as the API has it. */
export function clusterStatus(
  health: ApiHealth,
  lab: LabState | undefined,
  nodeReady: { readonly [node: string]: string },
): ClusterStatus {
  if (!lab || health.state === 'starting') {
    const sentence =
      'The cluster is starting: machines boot, etcd elects a leader, the API servers come up.'
    return { tone: 'starting', sentence }
  }
  if (health.state === 'silent') {
    const since = `The API server does not answer since ${clockText(health.since, 0)}.`
    return { tone: 'silent', sentence: `${since} ${causeOf(lab, health.message)}` }
  }
  const faults = faultsOf(lab, nodeReady)
  if (faults.length > 0) return { tone: 'degraded', sentence: faults.slice(0, 3).join(' ') }
  const { leader } = quorumView(lab)
  const workers = lab.machines.filter((m) => m.role === 'worker').length
  const nodes = workers === 1 ? 'the worker is Ready' : `all ${workers} workers are Ready`
  const led = leader ? `${leader.machine} leads etcd` : 'etcd has no leader yet'
  return {
    tone: 'calm',
    sentence: `All is in order: ${led}, ${workers === 0 ? 'there is no worker' : nodes}.`,
  }
}

function faultsOf(lab: LabState, nodeReady: { readonly [node: string]: string }): string[] {
  const faults: string[] = []
  const masters = lab.machines.filter((m) => m.role === 'master')
  const lost = masters.filter((m) => m.power === 'off' || isAlone(m, lab))
  if (lost.length > 0) {
    const { members, needed } = quorumView(lab)
    const gone = new Set(lost.map((m) => m.id))
    const alive = lab.etcd.filter((m) => m.role !== 'down' && !gone.has(m.machine)).length
    const holds = alive >= needed ? 'etcd keeps its quorum' : 'etcd has no quorum'
    faults.push(
      `${names(lost)} ${lost.length === 1 ? 'is' : 'are'} ${wordFor(lost)}: ${holds} (${alive} of ${members} members hear one another).`,
    )
  }
  const workers = lab.machines.filter((m) => m.role === 'worker')
  const gone = workers.filter((m) => m.power === 'off' || isAlone(m, lab))
  const missed = gone.filter((m) => nodeReady[m.id] !== 'True')
  const unmissed = gone.filter((m) => nodeReady[m.id] === 'True')
  if (unmissed.length > 0) {
    faults.push(
      `${names(unmissed)} ${unmissed.length === 1 ? 'is' : 'are'} ${wordFor(unmissed)}, and the API has not noticed yet.`,
    )
  }
  if (missed.length > 0) {
    faults.push(
      `${names(missed)} ${missed.length === 1 ? 'is' : 'are'} ${wordFor(missed)} and NotReady; pods there are evicted when their toleration ends.`,
    )
  }
  const notReady = workers.filter(
    (m) => !gone.includes(m) && m.power === 'on' && nodeReady[m.id] !== 'True',
  )
  if (notReady.length > 0)
    faults.push(`${names(notReady)} ${notReady.length === 1 ? 'is' : 'are'} not Ready.`)
  return faults
}

function isAlone(machine: MachineState, lab: LabState): boolean {
  const { kind } = reachOf(machine, lab.machines)
  return kind === 'nobody' || kind === 'no-master'
}

function wordFor(machines: readonly MachineState[]): string {
  if (machines.every((m) => m.power === 'off')) return 'off'
  return machines.every((m) => m.power !== 'off') ? 'cut off' : 'off or cut off'
}

function names(machines: readonly MachineState[]): string {
  const ids = machines.map((m) => m.id)
  if (ids.length > 3) return `${ids.length} ${machines[0]!.role}s`
  return ids.length === 1 ? ids[0]! : `${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`
}

function causeOf(lab: LabState, message: string): string {
  const balancers = lab.machines.filter((m) => m.role === 'load-balancer')
  if (balancers.length > 0 && balancers.every((m) => m.power === 'off')) {
    return 'The load balancer is off: clients have no way to the masters. The masters and the pods go on.'
  }
  const masters = lab.machines.filter((m) => m.role === 'master')
  const off = masters.filter((m) => m.power === 'off').length
  const quorum = quorumView(lab)
  if (masters.length > 0 && off === masters.length) {
    return 'All masters are off. The pods on the workers go on running; nothing heals them.'
  }
  if (quorum.alive < quorum.needed) {
    const who = `${capital(number(off))} of ${number(masters.length)} masters ${off === 1 ? 'is' : 'are'} off`
    const why = off > 0 ? who : `Only ${number(quorum.alive)} of ${quorum.members} etcd members run`
    return `${why}: etcd has no quorum (${quorum.alive} of ${quorum.needed} needed), so nothing can be written. The pods go on running.`
  }
  if (!quorum.leader) return 'etcd is electing a leader.'
  const cut = masters.filter((m) => m.links.some((link) => link.state === 'cut')).length
  if (cut > 0) {
    return `${capital(number(cut))} of ${number(masters.length)} masters ${cut === 1 ? 'is' : 'are'} cut off from others.`
  }
  return `The answer was: ${message}.`
}
