import type { Container, Pod, PodSpec, PodTemplateSpec } from '../../generated/core-v1'
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  mustQuantity,
} from '../../machinery/quantity'
import { each, fill, put, within } from '../sharing'
import {
  containerDefaults,
  hostPorts,
  requestsFromLimits,
  resourceListDefaults,
  resourcesDefaults,
} from './container-defaults'
import { volumeDefaults } from './volume-defaults'

const SPEC: Partial<PodSpec> = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  schedulerName: 'default-scheduler',
}
const NO_SECURITY_CONTEXT = Object.freeze({})

const INIT_CONTAINER_ANNOTATIONS = [
  'pod.beta.kubernetes.io/init-containers',
  'pod.alpha.kubernetes.io/init-containers',
  'pod.beta.kubernetes.io/init-container-statuses',
  'pod.alpha.kubernetes.io/init-container-statuses',
]

type ResourceList = Readonly<Record<string, string | number>>

/** Defaults of a Pod: those of its spec and what only a real pod gets. */
export function podDefaults(pod: Pod): Pod {
  const given = pod.spec ?? ({} as PodSpec)
  let spec = given
  if (spec.containers) spec = within(spec, 'containers', (list) => each(list, requestsFromLimits))
  if (spec.initContainers) {
    spec = within(spec, 'initContainers', (list) => each(list, requestsFromLimits))
  }
  if (spec.resources) spec = podLevelResources(spec)
  if (spec.enableServiceLinks === undefined) spec = { ...spec, enableServiceLinks: true }
  if (spec.hostNetwork) {
    spec = within(spec, 'containers', (list) => each(list, hostPorts))
    spec = within(spec, 'initContainers', (list) => each(list, hostPorts))
  }
  spec = podSpecDefaults(spec)
  const next = spec === pod.spec ? pod : { ...pod, spec }
  return within(next, 'metadata', withoutInitContainerAnnotations)
}

/** Defaults of the template of a workload. */
export function podTemplateDefaults(template: PodTemplateSpec): PodTemplateSpec {
  const spec = podSpecDefaults(template.spec ?? ({} as PodSpec))
  const next = spec === template.spec ? template : { ...template, spec }
  return within(next, 'metadata', withoutInitContainerAnnotations)
}

/** Defaults of every pod spec. */
function podSpecDefaults(given: PodSpec): PodSpec {
  let spec = fill(given, SPEC)
  if (spec.securityContext === undefined) {
    spec = put(spec, 'securityContext', NO_SECURITY_CONTEXT)
  }
  if (spec.serviceAccountName) spec = put(spec, 'serviceAccount', spec.serviceAccountName)
  else if (spec.serviceAccount) spec = put(spec, 'serviceAccountName', spec.serviceAccount)
  if (spec.volumes) spec = within(spec, 'volumes', (list) => each(list, volumeDefaults))
  if (spec.containers) spec = within(spec, 'containers', (list) => each(list, containerDefaults))
  if (spec.initContainers) {
    spec = within(spec, 'initContainers', (list) => each(list, containerDefaults))
  }
  if (spec.ephemeralContainers) {
    spec = within(spec, 'ephemeralContainers', (list) =>
      each(list, (container) => containerDefaults(container as Container)),
    )
  }
  if (spec.overhead) spec = within(spec, 'overhead', resourceListDefaults)
  if (spec.resources) spec = within(spec, 'resources', resourcesDefaults)
  return spec
}

function withoutInitContainerAnnotations<
  M extends { readonly annotations?: Readonly<Record<string, string>> },
>(metadata: M): M {
  const annotations = metadata.annotations
  if (!annotations || !INIT_CONTAINER_ANNOTATIONS.some((key) => Object.hasOwn(annotations, key))) {
    return metadata
  }
  const rest = Object.entries(annotations).filter(
    ([key]) => !INIT_CONTAINER_ANNOTATIONS.includes(key),
  )
  return { ...metadata, annotations: Object.fromEntries(rest) }
}

/**
 * Pod-level resources: requests that are missing come from the containers' sum or from the pod's
 * limits (KEP-2837).
 */
function podLevelResources(spec: PodSpec): PodSpec {
  const { limits, requests } = spec.resources!
  if (!limits || Object.keys(limits).length === 0) return spec
  const out: Record<string, string | number> = { ...requests }
  const sum = containerRequests(spec)
  for (const name of Object.keys(sum)) {
    if (!Object.hasOwn(out, name) && (name === 'cpu' || name === 'memory')) out[name] = sum[name]!
  }
  for (const name of Object.keys(limits)) {
    if (!Object.hasOwn(out, name) && isPodLevelResource(name)) out[name] = limits[name]!
  }
  if (Object.keys(out).length === Object.keys(requests ?? {}).length) return spec
  return { ...spec, resources: { ...spec.resources, requests: out } }
}

/** Resources that a pod may name for itself. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')
}

/**
 * What the containers of a pod ask for together: the sum of containers and sidecars, or what the
 * largest init container needs beside the sidecars started before it.
 */
export function containerRequests(spec: PodSpec): ResourceList {
  const sum: Record<string, string> = {}
  for (const container of spec.containers ?? []) add(sum, container.resources?.requests)
  const sidecars: Record<string, string> = {}
  const init: Record<string, string> = {}
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(sum, container.resources?.requests)
      add(sidecars, container.resources?.requests)
      raise(init, sidecars)
      continue
    }
    const needed = { ...sidecars }
    add(needed, container.resources?.requests)
    raise(init, needed)
  }
  raise(sum, init)
  return sum
}

function add(total: Record<string, string>, more: ResourceList | undefined): void {
  for (const name of Object.keys(more ?? {})) {
    const value = mustQuantity(more![name]!)
    const before = total[name]
    total[name] = formatQuantity(
      before === undefined ? value : addQuantity(mustQuantity(before), value),
    )
  }
}

function raise(total: Record<string, string>, floor: ResourceList): void {
  for (const name of Object.keys(floor)) {
    const before = total[name]
    const value = String(floor[name])
    if (before === undefined || compareQuantity(mustQuantity(before), mustQuantity(value)) < 0) {
      total[name] = value
    }
  }
}
