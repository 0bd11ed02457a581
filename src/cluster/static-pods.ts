import type { Pod } from '../api/generated/core-v1'

export const kubernetesVersion = 'v1.36.3'

interface ComponentSpec {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly cpu: string
  readonly port?: { readonly path: string; readonly number: number; readonly readiness?: string }
}

/** The repositories that stand for the cluster's own programs. */
export const componentImages = {
  etcd: 'registry.k8s.io/etcd',
  'kube-apiserver': 'registry.k8s.io/kube-apiserver',
  'kube-controller-manager': 'registry.k8s.io/kube-controller-manager',
  'kube-scheduler': 'registry.k8s.io/kube-scheduler',
  'kube-proxy': 'registry.k8s.io/kube-proxy',
} as const

export type ComponentName = keyof typeof componentImages

const etcdTag = '3.6.6-0'

const controlPlane: readonly ComponentSpec[] = [
  { name: 'etcd', image: `${componentImages.etcd}:${etcdTag}`, command: ['etcd'], cpu: '100m' },
  component('kube-apiserver', '250m'),
  component('kube-controller-manager', '200m'),
  component('kube-scheduler', '100m'),
]

function component(name: ComponentName, cpu: string): ComponentSpec {
  return { name, image: `${componentImages[name]}:${kubernetesVersion}`, command: [name], cpu }
}

/** A static pod's manifest, as kubeadm writes it to /etc/kubernetes/manifests. */
function manifest({ name, image, command, cpu }: ComponentSpec): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'kube-system',
      labels: { component: name, tier: 'control-plane' },
    },
    spec: {
      containers: [
        {
          name,
          image,
          command,
          imagePullPolicy: 'IfNotPresent',
          resources: { requests: { cpu } },
        },
      ],
      hostNetwork: true,
      priority: 2_000_001_000,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    },
    status: {},
  }
}

export const masterManifests: readonly Pod[] = controlPlane.map(manifest)

/** The add-on that kubeadm installs on every node, master or worker, whatever its taints. */
export const proxyDaemonSet = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: {
    name: 'kube-proxy',
    namespace: 'kube-system',
    labels: { 'k8s-app': 'kube-proxy' },
  },
  spec: {
    selector: { matchLabels: { 'k8s-app': 'kube-proxy' } },
    updateStrategy: { type: 'RollingUpdate' },
    template: {
      metadata: { labels: { 'k8s-app': 'kube-proxy' } },
      spec: {
        priorityClassName: 'system-node-critical',
        serviceAccountName: 'kube-proxy',
        hostNetwork: true,
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ operator: 'Exists' }],
        containers: [
          {
            name: 'kube-proxy',
            image: `${componentImages['kube-proxy']}:${kubernetesVersion}`,
            imagePullPolicy: 'IfNotPresent',
            command: ['kube-proxy'],
          },
        ],
      },
    },
  },
}

/** What `kubeadm config images pull` brings before the first boot. */
export function preloadedImages(master: boolean): string[] {
  const manifests = master ? masterManifests : []
  const images = manifests.flatMap(({ spec }) => spec.containers.map(({ image }) => image ?? ''))
  const proxy = `${componentImages['kube-proxy']}:${kubernetesVersion}`
  return [...images, proxy, 'registry.k8s.io/pause:3.10.1']
}
