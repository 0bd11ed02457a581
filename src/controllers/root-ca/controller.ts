import type { ConfigMap, Namespace } from '../../api/generated/core-v1'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { CONFIGMAPS, NAMESPACES } from '../../api/resources'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import type { Controller, ControllerContext } from '../context'
import { isNamespaceTerminating } from '../pod-control'

const mapName = 'kube-root-ca.crt'
const annotations = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal ' +
    'endpoints such as the internal service IP or kubernetes.default.svc. No other usage is ' +
    'guaranteed across distributions of Kubernetes clusters.',
}

/** Puts the cluster's root certificate into every active namespace, and keeps it right there. */
export const rootCaPublisher: Controller = {
  name: 'root-ca-certificate-publisher-controller',
  wire: (context) => {
    const { rootCa } = context.settings
    return rootCa === undefined ? () => {} : wirePublisher(context, rootCa)
  },
}

function wirePublisher(context: ControllerContext, rootCa: string): () => void {
  const client = context.client('root-ca-cert-publisher')
  const queue = new WorkQueue(context.env.clock)
  const namespaces = context.informer(NAMESPACES).store
  const maps = context.informer(CONFIGMAPS).store
  const data = { 'ca.crt': rootCa }
  const add = (namespace: Namespace) => queue.add(namespace.metadata.name)
  const touched = ({ metadata }: ConfigMap) => {
    if (metadata.name === mapName) queue.add(metadata.namespace ?? '')
  }
  namespaces.addHandler({ onAdd: add, onUpdate: add })
  maps.addHandler({ onUpdate: touched, onDelete: touched })
  function* sync(namespace: string): Task<SyncResult> {
    if (namespaces.get(namespace)?.status?.phase !== 'Active') return synced
    const current = maps.get(`${namespace}/${mapName}`)
    if (!current) {
      const metadata = { name: mapName, namespace, annotations }
      const draft = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
      const created = yield* client.create(CONFIGMAPS, draft)
      return created.ok || isNamespaceTerminating(created.error) ? synced : created
    }
    const noted = Object.entries(annotations).every(
      ([key, value]) => current.metadata.annotations?.[key] === value,
    )
    if (noted && semanticEqual(current.data, data)) return synced
    const metadata = {
      ...current.metadata,
      annotations: { ...current.metadata.annotations, ...annotations },
    }
    const updated = yield* client.update(CONFIGMAPS, { ...current, metadata, data })
    return updated.ok ? synced : updated
  }
  return () => startWorkers(context.env, queue, 2, sync)
}
