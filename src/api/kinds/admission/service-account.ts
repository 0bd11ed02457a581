import type {
  Container,
  Pod,
  PodSpec,
  ServiceAccount,
  Volume,
  VolumeMount,
} from '../../generated/core-v1'
import { MIRROR_POD_ANNOTATION } from '../pod/annotations'
import { put } from '../sharing'

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const VOLUME_PREFIX = 'kube-api-access-'
const tokenExpirationSeconds = 3607
const fileMode = 0o644

/** The account that a pod will run as; static pods' mirrors have none. */
export function accountName(pod: Pod): string | undefined {
  if (pod.metadata?.annotations?.[MIRROR_POD_ANNOTATION] !== undefined) return undefined
  return pod.spec?.serviceAccountName || 'default'
}

/**
 * The ServiceAccount plugin: names the account, mounts its token into every container and takes
 * over its pull secrets. `volumeSuffix` is the random end of the token volume's name.
 */
export function withServiceAccount(
  pod: Pod,
  account: ServiceAccount,
  volumeSuffix: () => string,
): Pod {
  const name = account.metadata.name
  let spec: PodSpec = { ...pod.spec, serviceAccountName: name, serviceAccount: name }
  const automount =
    spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  if (automount) spec = withToken(spec, volumeSuffix)
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
    spec = put(spec, 'imagePullSecrets', account.imagePullSecrets)
  }
  return { ...pod, spec }
}

function withToken(given: PodSpec, volumeSuffix: () => string): PodSpec {
  const existing = given.volumes?.find(isTokenVolume)
  const name = existing?.name ?? unusedName(given, volumeSuffix)
  const mount: VolumeMount = { name, readOnly: true, mountPath: TOKEN_PATH }
  let needed = false
  const mounted = (containers: readonly Container[] | undefined) =>
    containers?.map((container) => {
      const mounts = container.volumeMounts ?? []
      if (mounts.some((item) => item.mountPath === TOKEN_PATH)) return container
      needed = true
      return { ...container, volumeMounts: [...mounts, mount] }
    })
  let spec = given
  if (spec.initContainers) spec = put(spec, 'initContainers', mounted(spec.initContainers))
  if (spec.containers) spec = { ...spec, containers: mounted(spec.containers) ?? [] }
  if (!needed || existing) return spec
  return { ...spec, volumes: [...(spec.volumes ?? []), tokenVolume(name)] }
}

function isTokenVolume(volume: Volume): boolean {
  return (
    volume.name?.startsWith(VOLUME_PREFIX) === true &&
    (volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined) ?? false)
  )
}

function unusedName(spec: PodSpec, volumeSuffix: () => string): string {
  for (;;) {
    const name = VOLUME_PREFIX + volumeSuffix()
    if (!spec.volumes?.some((volume) => volume.name === name)) return name
  }
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenExpirationSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [
              {
                path: 'namespace',
                fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' },
              },
            ],
          },
        },
      ],
      defaultMode: fileMode,
    },
  }
}
