import type { Pod, Service } from '../../api/generated/core-v1'
import { keyOf } from '../../api/object'
import type { MachineRole } from '../../control/state'
import type { Session } from '../app/session'
import { type Derived, derive } from '../store/derive'
import { componentOf, isSystemNamespace } from '../view/names'
import { assignSeats, type Seats } from './layout/slots'
import { WAITING } from './layout/stage-layout'

/** What stands on the stage, without sizes or states: changes only when something comes or goes. */
export interface StageModel {
  readonly clients: readonly string[]
  readonly balancers: readonly string[]
  readonly masters: readonly string[]
  readonly workers: readonly string[]
  readonly services: readonly string[]
}

export interface StageViews {
  readonly model: Derived<StageModel>
  readonly seats: Derived<Seats>
  /** Keys of the pods that wait for a node, oldest first. */
  readonly waiting: Derived<readonly string[]>
}

/** `master-2` before `master-10`. */
function byNumber(a: string, b: string): number {
  const split = (id: string) => /^(.*?)(\d*)$/.exec(id)!
  const [, nameA, numberA] = split(a)
  const [, nameB, numberB] = split(b)
  if (nameA !== nameB) return nameA! < nameB! ? -1 : 1
  return Number(numberA) - Number(numberB)
}

export function stageViews(session: Session, showSystem: boolean): StageViews {
  const { cluster, lab } = session
  const visible = (namespace: string | undefined) => showSystem || !isSystemNamespace(namespace)
  const isShown = (pod: Pod) => visible(pod.metadata.namespace) && !componentOf(pod)
  const isWaiting = (pod: Pod) =>
    !pod.spec?.nodeName && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded'

  const model = derive<StageModel>([lab, cluster.services], () => {
    const machines = lab.get()?.machines ?? []
    const ids = (role: MachineRole) =>
      machines
        .filter((m) => m.role === role)
        .map((m) => m.id)
        .sort(byNumber)
    return {
      clients: ids('client').length > 0 ? ids('client').slice(0, 1) : ['client'],
      balancers: ids('load-balancer'),
      masters: ids('master'),
      workers: ids('worker'),
      services: cluster.services
        .all()
        .filter((s) => isServiceShown(s, visible))
        .map(keyOf),
    }
  })
  const seats = derive<Seats>([cluster.pods], (previous) => {
    const wanted = cluster.pods
      .all()
      .filter((pod) => isShown(pod) && (pod.spec?.nodeName || isWaiting(pod)))
      .map((pod) => ({ key: keyOf(pod), place: pod.spec?.nodeName ?? WAITING }))
    return assignSeats(previous ?? new Map(), wanted)
  })
  const waiting = derive<readonly string[]>([cluster.pods], () =>
    cluster.pods
      .all()
      .filter((pod) => isShown(pod) && isWaiting(pod))
      .sort((a, b) =>
        (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1,
      )
      .map(keyOf),
  )
  return { model, seats, waiting }
}

/** `default/kubernetes` is the cluster's own, though it lives in `default`. */
function isServiceShown(
  service: Service,
  visible: (namespace: string | undefined) => boolean,
): boolean {
  const own = service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes'
  return own ? visible('kube-system') : visible(service.metadata.namespace)
}
