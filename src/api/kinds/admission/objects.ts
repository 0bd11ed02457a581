import type { Node } from '../../generated/core-v1'
import type { KubeObject } from '../../object'

const NOT_READY_TAINT = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/** The TaintNodesByCondition plugin: a node takes no pods before it has said that it is ready. */
export function withNotReadyTaint(node: Node): Node {
  const taints = node.spec?.taints ?? []
  const { key, effect } = NOT_READY_TAINT
  if (taints.some((taint) => taint.key === key && taint.effect === effect)) return node
  return { ...node, spec: { ...node.spec, taints: [...taints, NOT_READY_TAINT] } }
}

/** The StorageObjectInUseProtection plugin: a finalizer that keeps what is in use. */
export function withProtection(object: KubeObject, finalizer: string): KubeObject {
  const finalizers = object.metadata?.finalizers ?? []
  if (finalizers.includes(finalizer)) return object
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } }
}
