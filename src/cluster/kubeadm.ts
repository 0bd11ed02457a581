import type { KubeObject, ResourceRef } from '../api/object'
import { CONFIGMAPS, DAEMONSETS, NODES, SERVICEACCOUNTS } from '../api/resources'
import { ApiClient } from '../client/api-client'
import { isAlreadyExists } from '../client/result'
import type { ProcessEnv, ProcessFactory } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { seconds } from '../sim/time'
import { administrator } from './outside'
import { kubernetesVersion, proxyDaemonSet } from './static-pods'

const retryDelay = seconds(2)

const controlPlaneLabels = {
  'node-role.kubernetes.io/control-plane': '',
  'node.kubernetes.io/exclude-from-external-load-balancers': '',
}

const clusterConfiguration = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: ${kubernetesVersion}
controlPlaneEndpoint: lb-1:6443
`

const inKubeSystem = (kind: string, name: string) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'kube-system' },
})

/** What one master does through its own API server, again and again until it is done. */
class Kubeadm {
  readonly #env: ProcessEnv
  readonly #client: ApiClient

  constructor(env: ProcessEnv) {
    this.#env = env
    this.#client = new ApiClient(env, {
      server: 'localhost:6443',
      identity: administrator,
      userAgent: 'kubeadm',
    })
  }

  *markControlPlane(name: string): Task<void> {
    const labels = { metadata: { labels: controlPlaneLabels } }
    while (!(yield* this.#client.patch(NODES, { name }, 'strategic-merge', labels)).ok) {
      yield* this.#later()
    }
  }

  *uploadConfig(): Task<void> {
    const data = { ClusterConfiguration: clusterConfiguration }
    yield* this.#create(CONFIGMAPS, { ...inKubeSystem('ConfigMap', 'kubeadm-config'), data })
  }

  *installProxy(): Task<void> {
    yield* this.#create(SERVICEACCOUNTS, inKubeSystem('ServiceAccount', 'kube-proxy'))
    yield* this.#create(DAEMONSETS, proxyDaemonSet)
  }

  *#create(ref: ResourceRef<KubeObject>, object: object): Task<void> {
    for (;;) {
      const created = yield* this.#client.create(ref, object)
      if (created.ok || isAlreadyExists(created.error)) return
      yield* this.#later()
    }
  }

  *#later(): Task<void> {
    yield* wait(this.#env.clock.sleep(retryDelay, 'kubeadm.retry'))
  }
}

function job(work: (kubeadm: Kubeadm) => Task<void>): ProcessFactory {
  return (env) => ({
    start: () => env.spawn(work(new Kubeadm(env))).onDone(() => env.exit(0)),
  })
}

/** `kubeadm init`, as far as it speaks to the API: marks the node, records, installs add-ons. */
export function initialise(nodeName: string): ProcessFactory {
  return job(function* (kubeadm) {
    yield* kubeadm.installProxy()
    yield* kubeadm.uploadConfig()
    yield* kubeadm.markControlPlane(nodeName)
  })
}

/** `kubeadm join --control-plane`: marks the node. */
export function joinControlPlane(nodeName: string): ProcessFactory {
  return job((kubeadm) => kubeadm.markControlPlane(nodeName))
}

/** What a managed offering installs where its masters are no Nodes. */
export function installAddOns(): ProcessFactory {
  return job((kubeadm) => kubeadm.installProxy())
}
