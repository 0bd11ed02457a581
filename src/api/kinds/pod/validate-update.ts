import type {
  Container,
  ContainerStatus,
  Pod,
  PodSpec,
  PodStatus,
  Toleration,
} from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  Path,
  required,
} from '../../machinery/field'
import { ipFamily } from '../../machinery/names'
import { semanticEqual } from '../../machinery/semantic-equal'
import {
  checkAll,
  checkIP,
  checkQualifiedName,
  FIELD_IMMUTABLE,
  nameIsDNSSubdomain,
} from '../checks'
import { put } from '../sharing'
import { validateAnnotationUpdate, validatePodAnnotations } from './annotations'
import { validateTolerations } from './validate-affinity'
import { checkImageSpace } from './validate-containers'
import { validatePodOnly, validatePodSpec } from './validate-spec'

const SPEC = Path.of('spec')
const STATUS = Path.of('status')
const METADATA = Path.of('metadata')
const ANNOTATIONS = METADATA.child('annotations')
const CONDITIONS = METADATA.child('conditions')

const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')
const int32Max = 2 ** 31 - 1

/** Rules for a pod's spec on create and after an update. */
function validatePod(pod: Pod, errors: FieldError[]): void {
  validatePodAnnotations(pod.metadata.annotations, pod.spec, ANNOTATIONS, errors)
  const options = { podName: pod.metadata.name ?? '', isPod: true }
  validatePodSpec(pod.spec, SPEC, options, errors)
  validatePodOnly(pod.spec, SPEC, errors)
}

/** What holds only at birth. */
export function validatePodCreate(pod: Pod, errors: FieldError[]): void {
  validatePod(pod, errors)
  if (pod.spec.ephemeralContainers?.length) {
    errors.push(forbidden(SPEC.child('ephemeralContainers'), 'cannot be set on create'))
  }
  if (pod.spec.nodeName && pod.spec.schedulingGates?.length) {
    const detail = 'cannot be set until all schedulingGates have been cleared'
    errors.push(forbidden(SPEC.child('nodeName'), detail))
  }
}

/** Almost all of a pod's spec is fixed; what may change is listed in the message. */
export function validatePodUpdate(next: Pod, old: Pod, errors: FieldError[]): void {
  if (next.spec !== old.spec || next.metadata.annotations !== old.metadata.annotations) {
    validatePod(next, errors)
  }
  validateAnnotationUpdate(next.metadata.annotations, old.metadata.annotations, ANNOTATIONS, errors)
  if (next.spec === old.spec) return
  for (const field of ['containers', 'initContainers'] as const) {
    if (
      !checkContainers(next.spec[field] ?? [], old.spec[field] ?? [], SPEC.child(field), errors)
    ) {
      return
    }
  }
  if (!checkDeadline(next.spec, old.spec, errors)) return
  checkTolerations(next.spec, old.spec, errors)
  checkGates(next.spec, old.spec, errors)
  if (semanticEqual(next.spec, old.spec)) return
  const changed = changedFields(munged(next.spec, old.spec, errors), old.spec)
  if (changed.length === 0) return
  const fields = changed.map((field) => `  spec.${field}`).join('\n')
  const detail = `pod updates may not change fields other than ${UPDATABLE}\n${fields}`
  errors.push(forbidden(SPEC, detail))
}

/** Names of the spec's fields that differ; the real server prints a diff of its Go types here. */
function changedFields(next: PodSpec, old: PodSpec): string[] {
  const keys = new Set([...Object.keys(next), ...Object.keys(old)]) as Set<keyof PodSpec>
  return [...keys].filter((key) => !semanticEqual(next[key], old[key])).sort()
}

function checkContainers(
  next: readonly Container[],
  old: readonly Container[],
  path: Path,
  errors: FieldError[],
): boolean {
  if (next.length !== old.length) {
    errors.push(forbidden(path, 'pod updates may not add or remove containers'))
    return false
  }
  next.forEach((container, i) => {
    if (!container.image) errors.push(required(path.index(i).child('image')))
    checkImageSpace(container.image, path.index(i), errors)
  })
  return true
}

function checkDeadline(next: PodSpec, old: PodSpec, errors: FieldError[]): boolean {
  const path = SPEC.child('activeDeadlineSeconds')
  const value = next.activeDeadlineSeconds
  const before = old.activeDeadlineSeconds
  if (value === undefined) {
    if (before === undefined) return true
    const detail = 'must not update from a positive integer to nil value'
    errors.push(invalid(path, null, detail))
    return true
  }
  if (value < 0 || value > int32Max) {
    errors.push(invalid(path, value, `must be between 0 and ${int32Max}, inclusive`))
    return false
  }
  if (before === undefined || before >= value) return true
  errors.push(invalid(path, value, 'must be less than or equal to previous value'))
  return false
}

function checkTolerations(next: PodSpec, old: PodSpec, errors: FieldError[]): void {
  const path = SPEC.child('tolerations')
  const same = (a: Toleration, b: Toleration) =>
    semanticEqual(put(a, 'tolerationSeconds', undefined), put(b, 'tolerationSeconds', undefined))
  const now = next.tolerations ?? []
  if (!(old.tolerations ?? []).every((toleration) => now.some((item) => same(item, toleration)))) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds'
    errors.push(forbidden(path, detail))
    return
  }
  validateTolerations(now, path, errors)
}

function checkGates(next: PodSpec, old: PodSpec, errors: FieldError[]): void {
  const before = new Set(old.schedulingGates?.map((gate) => gate.name))
  next.schedulingGates?.forEach((gate, i) => {
    if (before.has(gate.name)) return
    const detail = `only deletion is allowed, but found new scheduling gate '${gate.name}'`
    errors.push(forbidden(SPEC.child('schedulingGates').index(i).child('name'), detail))
  })
}

/** The new spec with everything that may change put back as it was. */
function munged(next: PodSpec, old: PodSpec, errors: FieldError[]): PodSpec {
  const images = (
    now: readonly Container[] | undefined,
    before: readonly Container[] | undefined,
  ) => now?.map((container, i) => put(container, 'image', before?.[i]?.image))
  let spec: PodSpec = {
    ...next,
    containers: images(next.containers, old.containers) ?? [],
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
  }
  if (next.initContainers) {
    spec = put(spec, 'initContainers', images(next.initContainers, old.initContainers))
  }
  const grace = old.terminationGracePeriodSeconds
  if (grace !== undefined && grace < 0 && next.terminationGracePeriodSeconds === 1) {
    spec = put(spec, 'terminationGracePeriodSeconds', grace)
  }
  return old.schedulingGates?.length ? mungedGated(spec, old, errors) : spec
}

/** A pod that waits for its gates may still be given a narrower choice of nodes. */
function mungedGated(next: PodSpec, old: PodSpec, errors: FieldError[]): PodSpec {
  const before = old.nodeSelector ?? {}
  for (const key of Object.keys(before)) {
    if (next.nodeSelector?.[key] === before[key]) continue
    const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
    errors.push(invalid(SPEC.child('nodeSelector'), next.nodeSelector ?? null, detail))
    break
  }
  let spec = put(next, 'nodeSelector', old.nodeSelector)
  const affinity = old.affinity?.nodeAffinity
  if (!affinity && spec.affinity) {
    const { nodeAffinity: _, ...rest } = spec.affinity
    spec = put(spec, 'affinity', Object.keys(rest).length === 0 ? old.affinity : rest)
  }
  return spec
}

/** Conditions, identity and the one-way street of containers that have ended. */
export function validatePodStatusUpdate(next: Pod, old: Pod, errors: FieldError[]): void {
  validateAnnotationUpdate(next.metadata.annotations, old.metadata.annotations, ANNOTATIONS, errors)
  const status = next.status ?? ({} as PodStatus)
  const before = old.status ?? ({} as PodStatus)
  if (status === before) return
  status.conditions?.forEach((condition, i) => {
    if (condition.type === 'Ready' || condition.type === 'PodScheduled') return
    if (condition.type === 'Initialized') return
    checkQualifiedName(condition.type ?? '', CONDITIONS.index(i).child('Type'), errors)
  })
  const nominated = status.nominatedNodeName
  if (nominated && nominated !== before.nominatedNodeName) {
    const at = STATUS.child('nominatedNodeName')
    checkAll(nameIsDNSSubdomain(nominated, false), nominated, at, errors)
  }
  if (status.qosClass !== before.qosClass) {
    errors.push(invalid(STATUS.child('qosClass'), status.qosClass ?? '', FIELD_IMMUTABLE))
  }
  checkTransitions(status, before, old.spec, errors)
  checkPodIPs(status, errors)
  checkHostIPs(status, errors)
}

function checkTransitions(
  next: PodStatus,
  old: PodStatus,
  spec: PodSpec,
  errors: FieldError[],
): void {
  const restart = spec.restartPolicy ?? 'Always'
  const sidecars = new Set(
    spec.initContainers?.filter((c) => c.restartPolicy === 'Always').map((c) => c.name),
  )
  const check = (
    field: 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses',
    policy: string,
    exempt?: ReadonlySet<string>,
  ) => {
    const now = next[field]
    const before = old[field]
    if (now === before || policy === 'Always') return
    before?.forEach((status, i) => {
      if (!mayNotRestart(status, policy) || exempt?.has(status.name)) return
      if (!now?.some((item) => item.name === status.name && !item.state?.terminated)) return
      const detail = 'may not be transitioned to non-terminated state'
      errors.push(forbidden(STATUS.child(field).index(i).child('state'), detail))
    })
  }
  check('containerStatuses', restart)
  check('initContainerStatuses', restart, sidecars)
  check('ephemeralContainerStatuses', 'Never')
}

function mayNotRestart(status: ContainerStatus, policy: string): boolean {
  const ended = status.state?.terminated
  return ended !== undefined && !(ended.exitCode !== 0 && policy === 'OnFailure')
}

function checkPodIPs(status: PodStatus, errors: FieldError[]): void {
  const ips = status.podIPs ?? []
  const path = STATUS.child('podIPs')
  ips.forEach((item, i) => {
    checkIP(item.ip ?? '', path.index(i), errors)
  })
  checkFamilies(ips, path, errors)
}

function checkHostIPs(status: PodStatus, errors: FieldError[]): void {
  const ips = status.hostIPs ?? []
  if (ips.length === 0) return
  const path = STATUS.child('hostIPs')
  if (status.hostIP !== ips[0]!.ip) {
    errors.push(invalid(path.index(0).child('ip'), ips[0]!.ip, 'must be equal to `hostIP`'))
  }
  ips.forEach((item, i) => {
    checkIP(item.ip ?? '', path.index(i), errors)
  })
  checkFamilies(ips, path, errors)
}

function checkFamilies(
  ips: readonly { readonly ip: string }[],
  path: Path,
  errors: FieldError[],
): void {
  if (ips.length < 2) return
  const families = new Set(ips.map((item) => ipFamily(item.ip)))
  if (families.size < 2 || ips.length > 2) {
    errors.push(invalid(path, ips, 'may specify no more than one IP for each IP family'))
  }
  ips.forEach((item, i) => {
    if (ips.findIndex((other) => other.ip === item.ip) < i) {
      errors.push(duplicate(path.index(i), item))
    }
  })
}
