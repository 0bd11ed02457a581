import type { Pod } from '../../api/generated/core-v1'
import { controllerOf } from '../../api/object'

/**
 * A pod's name without the hash of its ReplicaSet, in two parts: `web` and `-x2x9k`. The end tells
 * siblings apart, so it must never be cut off. A DaemonSet's pod needs none: its node tells.
 */
export function shortName(pod: Pod): { readonly head: string; readonly tail: string } {
  const { name, labels } = pod.metadata
  const owner = controllerOf(pod)
  if (!owner || !name.startsWith(`${owner.name}-`)) return { head: name, tail: '' }
  if (owner.kind === 'DaemonSet') return { head: owner.name, tail: '' }
  const tail = name.slice(owner.name.length)
  const hash = labels?.['pod-template-hash']
  const suffix = hash ? `-${hash}` : ''
  const head = owner.name.endsWith(suffix)
    ? owner.name.slice(0, owner.name.length - suffix.length)
    : owner.name
  return { head, tail }
}

const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease']

/** Namespaces that the cluster needs for itself. */
export function isSystemNamespace(namespace: string | undefined): boolean {
  return namespace !== undefined && SYSTEM_NAMESPACES.includes(namespace)
}

const COMPONENTS = ['kube-apiserver', 'etcd', 'kube-controller-manager', 'kube-scheduler'] as const

export type ComponentName = (typeof COMPONENTS)[number]

/** Which control-plane component a static pod is, or undefined. */
export function componentOf(pod: Pod): ComponentName | undefined {
  if (pod.metadata.namespace !== 'kube-system' || controllerOf(pod)?.kind !== 'Node')
    return undefined
  return COMPONENTS.find((name) => pod.metadata.name === `${name}-${pod.spec?.nodeName}`)
}

export const componentNames: readonly ComponentName[] = COMPONENTS
