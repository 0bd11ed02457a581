import { createContext, useContext } from 'react'
import type { Pod } from '../../api/generated/core-v1'
import type { ClusterSpec } from '../../control/spec'
import type { EngineClient } from '../../engine/client'
import { type ApiProbe, openApiProbe } from '../store/api-probe'
import { type ClusterStore, openClusterStore } from '../store/cluster-store'
import { type Derived, derive } from '../store/derive'
import { type LabStore, openLabStore } from '../store/lab-store'
import { type Feed, openFeed } from '../timeline/feed'
import { leaseMachine, readyStatusOf } from '../view/machine-view'
import { type ComponentName, componentOf } from '../view/names'
import { endpointsByService, type ServiceEndpoint } from '../view/service-view'

/** One cluster as the page knows it, from its start to its end. */
export interface Session {
  readonly id: number
  readonly spec: ClusterSpec
  readonly engine: EngineClient
  readonly cluster: ClusterStore
  readonly lab: LabStore
  readonly api: ApiProbe
  readonly feed: Feed
  readonly views: SessionViews
  close(): void
}

/** Joins over several kinds that many parts of the page need. */
export interface SessionViews {
  /** Status of each Node's Ready condition. */
  readonly nodeReady: Derived<{ readonly [node: string]: string }>
  readonly podsByNode: Derived<ReadonlyMap<string, readonly Pod[]>>
  readonly components: Derived<ReadonlyMap<string, { readonly [name in ComponentName]?: Pod }>>
  /** Machine that holds the lease of a component, by what the API says. */
  readonly holders: Derived<{ readonly [name in ComponentName]?: string }>
  /** Machines whose component believes that it holds its lease, by what the lab sees. */
  readonly believers: Derived<{ readonly [component: string]: readonly string[] }>
  readonly endpoints: Derived<ReadonlyMap<string, readonly ServiceEndpoint[]>>
}

let sessions = 0

export function openSession(engine: EngineClient, spec: ClusterSpec): Session {
  const lab = openLabStore(engine.lab)
  const cluster = openClusterStore(engine.transport)
  const api = openApiProbe(engine.transport, lab)
  const feed = openFeed(cluster.events, lab)
  sessions += 1
  return {
    id: sessions,
    spec,
    engine,
    cluster,
    lab,
    api,
    feed,
    views: viewsOf(cluster, lab),
    close() {
      feed.close()
      api.close()
      cluster.close()
      lab.close()
      engine.close()
    },
  }
}

function viewsOf(cluster: ClusterStore, lab: LabStore): SessionViews {
  const { nodes, pods, leases, endpointSlices } = cluster
  return {
    nodeReady: derive([nodes], () =>
      Object.fromEntries(nodes.all().map((node) => [node.metadata.name, readyStatusOf(node)])),
    ),
    podsByNode: derive([pods], () => {
      const byNode = new Map<string, Pod[]>()
      for (const pod of pods.all()) {
        const node = pod.spec?.nodeName
        if (!node) continue
        const list = byNode.get(node)
        if (list) list.push(pod)
        else byNode.set(node, [pod])
      }
      return byNode
    }),
    components: derive([pods], () => {
      const byNode = new Map<string, { [name in ComponentName]?: Pod }>()
      for (const pod of pods.all()) {
        const component = componentOf(pod)
        const node = pod.spec?.nodeName
        if (!component || !node) continue
        const found = byNode.get(node)
        if (found) found[component] = pod
        else byNode.set(node, { [component]: pod })
      }
      return byNode
    }),
    holders: derive([leases], () => ({
      'kube-controller-manager': leaseMachine(leases.get('kube-system/kube-controller-manager')),
      'kube-scheduler': leaseMachine(leases.get('kube-system/kube-scheduler')),
    })),
    believers: derive([lab], () => {
      const believers: { [component: string]: string[] } = {}
      for (const { name, machine } of lab.get()?.leases ?? []) {
        believers[name] = [...(believers[name] ?? []), machine]
      }
      return believers
    }),
    endpoints: derive([endpointSlices], () => endpointsByService(endpointSlices.all())),
  }
}

const SessionContext = createContext<Session | undefined>(undefined)

export const SessionProvider = SessionContext.Provider

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('useSession outside a SessionProvider')
  return session
}
