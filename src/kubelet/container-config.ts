import type { ConfigMap, Container, EnvVar, Pod, Secret } from '../api/generated/core-v1'
import { mustQuantity, quantityMilliValue, quantityValue } from '../api/machinery/quantity'
import type { ContainerConfig } from '../runtime/cri'

/** ConfigMaps and Secrets that a container's environment refers to, by name; absent when missing. */
export interface ConfigSources {
  readonly configMaps: ReadonlyMap<string, ConfigMap>
  readonly secrets: ReadonlyMap<string, Secret>
}

export interface PodPlace {
  readonly podIp: string
  readonly hostIp: string
  readonly nodeName: string
}

export type EnvResult =
  | { readonly ok: true; readonly env: { readonly [name: string]: string } }
  | { readonly ok: false; readonly error: string }

/** Where a kubelet that lost the pod's manifest finds its grace period, in seconds. */
export const graceLabel = 'io.kubernetes.pod.terminationGracePeriod'

/** Names of the objects that the container's environment needs. */
export function configRefs(container: Container): { configMaps: string[]; secrets: string[] } {
  const configMaps = new Set<string>()
  const secrets = new Set<string>()
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef?.name) configMaps.add(configMapRef.name)
    if (secretRef?.name) secrets.add(secretRef.name)
  }
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.configMapKeyRef?.name) configMaps.add(valueFrom.configMapKeyRef.name)
    if (valueFrom?.secretKeyRef?.name) secrets.add(valueFrom.secretKeyRef.name)
  }
  return { configMaps: [...configMaps], secrets: [...secrets] }
}

/** The environment of a container, or the message of a CreateContainerConfigError. */
export function containerEnv(
  pod: Pod,
  container: Container,
  sources: ConfigSources,
  place: PodPlace,
): EnvResult {
  const env: { [name: string]: string } = Object.create(null)
  for (const { configMapRef, secretRef, prefix = '' } of container.envFrom ?? []) {
    const ref = configMapRef ?? secretRef
    const found = configMapRef
      ? sources.configMaps.get(configMapRef.name ?? '')?.data
      : decoded(sources.secrets.get(secretRef?.name ?? ''))
    const kind = configMapRef ? 'configmap' : 'secret'
    const missing = configMapRef
      ? !sources.configMaps.has(configMapRef.name ?? '')
      : !sources.secrets.has(secretRef?.name ?? '')
    if (missing && !ref?.optional) return { ok: false, error: `${kind} "${ref?.name}" not found` }
    for (const [key, value] of Object.entries(found ?? {})) env[prefix + key] = value
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(pod, container, variable, sources, place, env)
    if (typeof value === 'object') return { ok: false, error: value.error }
    if (value !== undefined) env[variable.name] = value
  }
  return { ok: true, env: { ...env } }
}

function variableValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  sources: ConfigSources,
  place: PodPlace,
  env: { readonly [name: string]: string },
): string | undefined | { readonly error: string } {
  const { valueFrom } = variable
  if (!valueFrom) return expand(variable.value ?? '', env)
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom
  if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, place)
  if (resourceFieldRef) return resourceValue(container, resourceFieldRef)
  const ref = configMapKeyRef ?? secretKeyRef
  if (!ref) return undefined
  const name = ref.name ?? ''
  const kind = configMapKeyRef ? 'configmap' : 'secret'
  const exists = configMapKeyRef ? sources.configMaps.has(name) : sources.secrets.has(name)
  const data = configMapKeyRef
    ? sources.configMaps.get(name)?.data
    : decoded(sources.secrets.get(name))
  if (!exists) return ref.optional ? undefined : { error: `${kind} "${name}" not found` }
  const value = data && Object.hasOwn(data, ref.key) ? data[ref.key] : undefined
  if (value !== undefined || ref.optional) return value
  const title = configMapKeyRef ? 'ConfigMap' : 'Secret'
  return { error: `couldn't find key ${ref.key} in ${title} ${pod.metadata.namespace}/${name}` }
}

function fieldValue(pod: Pod, path: string, place: PodPlace): string {
  const { metadata, spec } = pod
  const key = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (key) return metadata[key[1] as 'labels' | 'annotations']?.[key[2] as string] ?? ''
  const values: { readonly [path: string]: string | undefined } = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': place.nodeName,
    'spec.serviceAccountName': spec?.serviceAccountName,
    'status.hostIP': place.hostIp,
    'status.hostIPs': place.hostIp,
    'status.podIP': place.podIp,
    'status.podIPs': place.podIp,
  }
  return values[path] ?? ''
}

function resourceValue(
  container: Container,
  ref: { readonly resource: string; readonly divisor?: string | number },
): string {
  const [list = '', name = ''] = ref.resource.split('.')
  const { limits, requests } = container.resources ?? {}
  const text = (list === 'limits' ? limits : requests)?.[name] ?? limits?.[name]
  if (text === undefined) return '0'
  const quantity = mustQuantity(text)
  const divisor = ref.divisor === undefined || ref.divisor === '0' ? '1' : ref.divisor
  const by = mustQuantity(divisor)
  if (name === 'cpu')
    return String(Math.ceil(quantityMilliValue(quantity) / quantityMilliValue(by)))
  return String(Math.ceil(quantityValue(quantity) / Math.max(1, quantityValue(by))))
}

/** `$(NAME)` becomes the variable's value; `$$(NAME)` is an escape; unknown names stay. */
export function expand(text: string, env: { readonly [name: string]: string }): string {
  if (!text.includes('$')) return text
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$'
    return Object.hasOwn(env, name) ? (env[name] as string) : whole
  })
}

export function containerConfig(
  pod: Pod,
  container: Container,
  attempt: number,
  env: { readonly [name: string]: string },
  files: { readonly [path: string]: string },
): ContainerConfig {
  const limit = container.resources?.limits?.memory
  const expandAll = (words: readonly string[]) => words.map((word) => expand(word, env))
  return {
    name: container.name,
    image: container.image ?? '',
    attempt,
    ...(container.command?.length ? { command: expandAll(container.command) } : {}),
    ...(container.args?.length ? { args: expandAll(container.args) } : {}),
    env,
    ports: portsOf(container),
    files,
    ...(limit === undefined ? {} : { memoryLimitBytes: quantityValue(mustQuantity(limit)) }),
    labels: {
      'io.kubernetes.pod.namespace': pod.metadata.namespace ?? '',
      'io.kubernetes.pod.name': pod.metadata.name,
      [graceLabel]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    },
  }
}

/** Declared ports, and those that probes ask at: a program surely listens there. */
function portsOf(container: Container): ContainerConfig['ports'] {
  const ports = (container.ports ?? []).map(({ containerPort, protocol }) => ({
    containerPort,
    protocol,
  }))
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port
    if (typeof port !== 'number' || ports.some((p) => p.containerPort === port)) continue
    ports.push({ containerPort: port, protocol: 'TCP' })
  }
  return ports
}

function decoded(secret: Secret | undefined): { readonly [key: string]: string } | undefined {
  if (!secret) return undefined
  const values: { [key: string]: string } = Object.create(null)
  for (const [key, value] of Object.entries(secret.data ?? {})) values[key] = fromBase64(value)
  return values
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 of UTF-8 text; bytes that are no UTF-8 come out one by one. */
export function fromBase64(text: string): string {
  const bytes: number[] = []
  let buffer = 0
  let bits = 0
  for (const char of text) {
    const value = digits.indexOf(char)
    if (value < 0) continue
    buffer = ((buffer << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes.push((buffer >> bits) & 255)
  }
  const escaped = bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  try {
    return decodeURIComponent(escaped)
  } catch {
    return String.fromCharCode(...bytes)
  }
}
