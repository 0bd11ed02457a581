import type { LabState } from '../../control/state'
import type { ApiHealth } from '../store/api-probe'
import { quorumView } from './machine-view'
import { clockText } from './time'

const NUMBERS = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven']

function number(count: number): string {
  return NUMBERS[count] ?? String(count)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Why the API does not answer, told from the physics; undefined while it answers. */
export function outageSentence(health: ApiHealth, lab: LabState | undefined): string | undefined {
  if (!lab) return undefined
  if (health.state === 'starting') {
    return 'The cluster is starting: machines boot, etcd elects a leader, the API servers come up.'
  }
  if (health.state === 'answering') return undefined
  const since = `The API server does not answer since ${clockText(health.since, 0)}.`
  return `${since} ${causeOf(lab, health.message)}`
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
