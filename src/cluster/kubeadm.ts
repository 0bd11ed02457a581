import { CONFIGMAPS, NODES } from '../api/resources'
import { ApiClient } from '../client/api-client'
import { isAlreadyExists } from '../client/result'
import type { ProcessFactory } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { seconds } from '../sim/time'
import { administrator } from './outside'
import { kubernetesVersion } from './static-pods'

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

/**
 * What `kubeadm init` and `kubeadm join --control-plane` do through the API once the node is there:
 * label it, and on the first master record the configuration. Ends when done; runs again harmlessly.
 */
export function joinControlPlane(nodeName: string, first: boolean): ProcessFactory {
  return (env) => {
    const client = new ApiClient(env, {
      server: 'localhost:6443',
      identity: administrator,
      userAgent: 'kubeadm',
    })
    function* join(): Task<void> {
      const labels = { metadata: { labels: controlPlaneLabels } }
      while (!(yield* client.patch(NODES, { name: nodeName }, 'strategic-merge', labels)).ok) {
        yield* wait(env.clock.sleep(retryDelay, 'kubeadm.retry'))
      }
      if (!first) return
      const config = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'kubeadm-config', namespace: 'kube-system' },
        data: { ClusterConfiguration: clusterConfiguration },
      }
      for (;;) {
        const created = yield* client.create(CONFIGMAPS, config)
        if (created.ok || isAlreadyExists(created.error)) return
        yield* wait(env.clock.sleep(retryDelay, 'kubeadm.retry'))
      }
    }
    return { start: () => env.spawn(join()).onDone(() => env.exit(0)) }
  }
}
