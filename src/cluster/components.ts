import { kubeApiserver } from '../apiserver/server'
import { type ClusterSpec, podNetworkOf } from '../control/spec'
import { kubeControllerManager } from '../controllers/controller-manager'
import { etcdMember } from '../etcd/member'
import { kubeScheduler } from '../scheduler/kube-scheduler'
import type { ProcessFactory } from '../sim/process'
import { masterIp, masterNames } from './addresses'
import type { ComponentName } from './static-pods'

/** As kubeadm's controller-manager.conf and scheduler.conf: the API server of the same machine. */
const localApiServer = 'localhost:6443'

const nodePortRange = { first: 30_000, last: 32_767 }

/** Stands for the cluster's certificate authority: there is no TLS on simulated wires. */
const rootCa = `-----BEGIN CERTIFICATE-----
U2ltdWxhdGVkIGNlcnRpZmljYXRlIGF1dGhvcml0eSBvZiBLdWJhcml1bQ==
-----END CERTIFICATE-----
`

/** The control plane's programs, as they are configured on the given master (from 1). */
export function masterComponents(
  spec: ClusterSpec,
  master: number,
): { readonly [name in Exclude<ComponentName, 'kube-proxy'>]: ProcessFactory } {
  const peers = masterNames(spec).map((name, index) => ({ id: index + 1, name, host: name }))
  return {
    etcd: etcdMember({ name: `master-${master}`, memberId: master, peers }),
    'kube-apiserver': kubeApiserver({
      etcdEndpoints: ['localhost'],
      serviceCidr: spec.serviceCidr,
      nodePortRange,
      advertiseAddress: masterIp(master),
    }),
    'kube-controller-manager': kubeControllerManager({
      server: localApiServer,
      settings: { podCidr: podNetworkOf(spec), rootCa },
    }),
    'kube-scheduler': kubeScheduler({ server: localApiServer }),
  }
}
