import type { Namespace } from '../../api/generated/core-v1'
import { NAMESPACES, SERVICEACCOUNTS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import { isAlreadyExists } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import type { Controller } from '../context'
import { isNamespaceTerminating } from '../pod-control'

const accountName = 'default'

/** Sees to it that every active namespace has its `default` service account. */
export const serviceAccountController: Controller = {
  name: 'serviceaccount-controller',
  wire: (context) => {
    const client = context.client('service-account-controller')
    const queue = new WorkQueue(context.env.clock)
    const namespaces = context.informer(NAMESPACES).store
    const accounts = context.informer(SERVICEACCOUNTS).store
    const add = (namespace: Namespace) => queue.add(namespace.metadata.name)
    namespaces.addHandler({ onAdd: add, onUpdate: add })
    accounts.addHandler({
      onDelete: ({ metadata }) => {
        if (metadata.name === accountName) queue.add(metadata.namespace ?? '')
      },
    })
    function* sync(name: string): Task<SyncResult> {
      if (namespaces.get(name)?.status?.phase !== 'Active') return synced
      if (accounts.get(`${name}/${accountName}`)) return synced
      return yield* createAccount(client, name)
    }
    return () => startWorkers(context.env, queue, 1, sync)
  },
}

function* createAccount(client: ApiClient, namespace: string): Task<SyncResult> {
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: accountName, namespace },
  }
  const created = yield* client.create(SERVICEACCOUNTS, account)
  if (created.ok || isAlreadyExists(created.error)) return synced
  return isNamespaceTerminating(created.error) ? synced : created
}
