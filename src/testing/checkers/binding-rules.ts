import type { Node, Pod } from '../../api/generated/core-v1'
import type { EtcdHistory } from './etcd-history'
import type { Ledger } from './ledger'

const units: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** `100m`, `8Gi`, `2` as numbers. */
function amountOf(quantity: string | number | undefined): number {
  const match = /^([\d.]+)([a-zA-Z]*)$/.exec(String(quantity ?? 0))
  return Number(match?.[1]) * (units[match?.[2] ?? ''] ?? Number.NaN)
}

function requestOf(pod: Pod, resource: string): number {
  const requests = pod.spec.containers.map(
    ({ resources }) => (resources?.requests as { [name: string]: string } | undefined)?.[resource],
  )
  return requests.reduce((sum, quantity) => sum + amountOf(quantity), 0)
}

/**
 * S2: at the revision that binds a pod, its node has room for all pods bound to it, its selector
 * matches, and the node's taints are tolerated.
 */
export function checkBinding(ledger: Ledger, history: EtcdHistory, pod: Pod): void {
  const name = pod.spec.nodeName ?? ''
  const node = history.state.get(`/registry/nodes/${name}`)?.value as Node | undefined
  const who = `${pod.metadata.namespace}/${pod.metadata.name}`
  ledger.demand(node !== undefined, 'S2', () => `${who} was bound to ${name}, which is no node`)
  if (!node) return
  const there = podsOn(history, name, pod)
  for (const resource of ['cpu', 'memory']) {
    const used = there.reduce((sum, other) => sum + requestOf(other, resource), 0)
    const room = amountOf((node.status.allocatable as { [r: string]: string })?.[resource])
    const what = () => `${who}: ${name} would have ${used} of ${room} ${resource} in use`
    ledger.demand(used <= room, 'S2', what)
  }
  const room = amountOf((node.status.allocatable as { [r: string]: string })?.pods)
  ledger.demand(there.length <= room, 'S2', () => `${who}: ${name} has ${there.length} pods`)
  for (const [label, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
    const has = node.metadata.labels?.[label]
    ledger.demand(has === value, 'S2', () => `${who} wants ${label}=${value}, ${name} has ${has}`)
  }
  const controlPlane = node.spec?.taints?.find(({ key }) => key.endsWith('/control-plane'))
  const tolerated = pod.spec.tolerations?.some(({ key }) => !key || key === controlPlane?.key)
  const allowed = controlPlane === undefined || tolerated === true
  ledger.demand(allowed, 'S2', () => `${who} does not tolerate the control plane's taint`)
}

function podsOn(history: EtcdHistory, node: string, newcomer: Pod): readonly Pod[] {
  const there = [newcomer]
  for (const [key, { value }] of history.state) {
    if (!key.startsWith('/registry/pods/')) continue
    const pod = value as Pod
    if (pod.spec.nodeName !== node || pod.metadata.uid === newcomer.metadata.uid) continue
    if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') continue
    there.push(pod)
  }
  return there
}
