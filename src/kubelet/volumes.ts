import type { ConfigMap, Container, Pod, Secret, Volume } from '../api/generated/core-v1'
import { CONFIGMAPS, SECRETS } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { Task } from '../sim/task'
import { fromBase64 } from './container-config'

/** The files that a container finds under its mounts. */
export type MountedFiles = (container: Container) => { readonly [path: string]: string }

export type MountResult =
  | { readonly ok: true; readonly files: MountedFiles }
  | { readonly ok: false; readonly message: string }

type FileSet = { readonly [path: string]: string }

/**
 * Sets up a pod's volumes. ConfigMaps, Secrets and what a projected volume takes from them become
 * files; every other kind of volume is an empty folder. A source that is missing, and not optional,
 * keeps the pod from starting.
 */
export function* mountVolumes(client: ApiClient, pod: Pod): Task<MountResult> {
  const volumes = new Map<string, FileSet>()
  for (const volume of pod.spec?.volumes ?? []) {
    const result = yield* volumeFiles(client, pod, volume)
    if (typeof result === 'string') {
      return {
        ok: false,
        message: `MountVolume.SetUp failed for volume "${volume.name}" : ${result}`,
      }
    }
    volumes.set(volume.name, result)
  }
  return { ok: true, files: (container) => mountsOf(container, volumes) }
}

function* volumeFiles(client: ApiClient, pod: Pod, volume: Volume): Task<FileSet | string> {
  const namespace = pod.metadata.namespace ?? 'default'
  if (volume.configMap) {
    const { name = '', items, optional } = volume.configMap
    return yield* configMapFiles(client, namespace, name, items, optional)
  }
  if (volume.secret) {
    const { secretName = '', items, optional } = volume.secret
    return yield* secretFiles(client, namespace, secretName, items, optional)
  }
  let files: FileSet = {}
  for (const { configMap, secret } of volume.projected?.sources ?? []) {
    if (configMap && configMap.name !== 'kube-root-ca.crt') {
      const { name = '', items, optional } = configMap
      const more = yield* configMapFiles(client, namespace, name, items, optional)
      if (typeof more === 'string') return more
      files = { ...files, ...more }
    } else if (secret) {
      const { name = '', items, optional } = secret
      const more = yield* secretFiles(client, namespace, name, items, optional)
      if (typeof more === 'string') return more
      files = { ...files, ...more }
    }
  }
  return files
}

type Items = readonly { readonly key: string; readonly path: string }[] | undefined

function* configMapFiles(
  client: ApiClient,
  namespace: string,
  name: string,
  items: Items,
  optional: boolean | undefined,
): Task<FileSet | string> {
  const found = yield* client.get<ConfigMap>(CONFIGMAPS, { namespace, name }, '0')
  if (!found.ok) return optional ? {} : `configmap "${name}" not found`
  return pick(found.value.data ?? {}, items, optional)
}

function* secretFiles(
  client: ApiClient,
  namespace: string,
  name: string,
  items: Items,
  optional: boolean | undefined,
): Task<FileSet | string> {
  const found = yield* client.get<Secret>(SECRETS, { namespace, name }, '0')
  if (!found.ok) return optional ? {} : `secret "${name}" not found`
  const data: { [key: string]: string } = Object.create(null)
  for (const [key, value] of Object.entries(found.value.data ?? {})) data[key] = fromBase64(value)
  return pick(data, items, optional)
}

function pick(data: FileSet, items: Items, optional: boolean | undefined): FileSet | string {
  if (!items) return data
  const files: { [path: string]: string } = Object.create(null)
  for (const { key, path } of items) {
    const value = data[key]
    if (value !== undefined) files[path] = value
    else if (!optional) return `references non-existent config key: ${key}`
  }
  return files
}

function mountsOf(container: Container, volumes: ReadonlyMap<string, FileSet>): FileSet {
  const files: { [path: string]: string } = Object.create(null)
  for (const { name, mountPath, subPath } of container.volumeMounts ?? []) {
    const set = volumes.get(name) ?? {}
    const folder = mountPath.replace(/\/$/, '')
    if (subPath !== undefined && Object.hasOwn(set, subPath)) {
      files[folder] = set[subPath] as string
      continue
    }
    for (const [path, value] of Object.entries(set)) files[`${folder}/${path}`] = value
  }
  return files
}
