import type {
  Container,
  ContainerPort,
  ContainerResizePolicy,
  EnvFromSource,
  EnvVar,
  EphemeralContainer,
} from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { isConfigMapKey, isRelaxedEnvVarName, isValidPortName } from '../../machinery/names'
import { checkAll, checkDNSLabel, checkPort, nameIsDNSSubdomain } from '../checks'
import { checkEnvFieldRef, checkResourceFieldRef } from './field-refs'
import { checkLocalNonReservedPath } from './paths'
import { validateDevices, validateMounts } from './validate-mounts'
import { validateLifecycle, validateProbes } from './validate-probes'
import { validateContainerResources } from './validate-resources'
import { validateContainerSecurity } from './validate-security'
import type { Volumes } from './validate-volumes'

/** What the checks of one container need to know of its pod. */
export interface PodContext {
  readonly volumes: Volumes
  readonly claims: ReadonlySet<string>
  readonly restartPolicy: string
  readonly gracePeriodSeconds: number | undefined
  readonly hostUsers: boolean
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const EPHEMERAL_FORBIDDEN = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const

/** `spec.containers`: at least one, names unique, ports of the host not taken twice. */
export function validateContainers(
  containers: readonly Container[] | undefined,
  pod: PodContext,
  path: Path,
  errors: FieldError[],
): void {
  if (!containers || containers.length === 0) {
    errors.push(required(path))
    return
  }
  const names = new Set<string>()
  for (let i = 0; i < containers.length; i++) {
    const container = containers[i]!
    const at = path.index(i)
    validateCommon(container, pod, at, errors)
    const name = container.name ?? ''
    if (names.has(name)) errors.push(duplicate(at.child('name'), name))
    names.add(name)
    if (container.lifecycle) {
      const { gracePeriodSeconds } = pod
      validateLifecycle(container.lifecycle, gracePeriodSeconds, at.child('lifecycle'), errors)
    }
    validateProbes(container, at, errors)
    if (container.restartPolicy !== undefined) validateRestartPolicy(container, at, errors)
  }
  checkHostPorts(containers, path, errors)
}

/** `spec.initContainers`; sidecars may have probes and hooks, others not. */
export function validateInitContainers(
  containers: readonly Container[] | undefined,
  regular: readonly Container[],
  pod: PodContext,
  path: Path,
  errors: FieldError[],
): void {
  if (!containers || containers.length === 0) return
  const names = new Set(regular.map((container) => container.name ?? ''))
  containers.forEach((container, i) => {
    const at = path.index(i)
    validateCommon(container, pod, at, errors)
    const sidecar = container.restartPolicy === 'Always'
    if (container.restartPolicy !== undefined) validateRestartPolicy(container, at, errors)
    if (names.has(container.name ?? '')) errors.push(duplicate(at.child('name'), container.name))
    else if (container.name) names.add(container.name)
    checkHostPorts([container], path, errors)
    if (!sidecar) {
      const detail = 'may not be set for init containers without restartPolicy=Always'
      for (const field of [
        'lifecycle',
        'livenessProbe',
        'readinessProbe',
        'startupProbe',
      ] as const) {
        if (container[field] !== undefined) errors.push(forbidden(at.child(field), detail))
      }
      return
    }
    if (container.lifecycle) {
      const { gracePeriodSeconds } = pod
      validateLifecycle(container.lifecycle, gracePeriodSeconds, at.child('lifecycle'), errors)
    }
    validateProbes(container, at, errors)
  })
}

/** `spec.ephemeralContainers`: a name of their own, and little else. */
export function validateEphemeralContainers(
  ephemeral: readonly EphemeralContainer[] | undefined,
  others: readonly Container[],
  pod: PodContext,
  path: Path,
  errors: FieldError[],
): void {
  if (!ephemeral || ephemeral.length === 0) return
  const targets = new Set(others.map((container) => container.name))
  const names = new Set(targets)
  ephemeral.forEach((container, i) => {
    const at = path.index(i)
    validateCommon(container as Container, pod, at, errors)
    checkImageSpace(container.image, at, errors)
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name))
    names.add(container.name)
    const target = container.targetContainerName
    if (target && !targets.has(target)) {
      errors.push(notFound(at.child('targetContainerName'), target))
    }
    const detail = 'cannot be set for an Ephemeral Container'
    for (const field of EPHEMERAL_FORBIDDEN) {
      const value = container[field] as readonly unknown[] | object | undefined
      if (value !== undefined) errors.push(forbidden(at.child(field), detail))
    }
    if (Object.keys(container.resources ?? {}).length > 0) {
      errors.push(forbidden(at.child('resources'), detail))
    }
    container.volumeMounts?.forEach((mount, j) => {
      const mountPath = at.child('volumeMounts').index(j)
      if (mount.subPath) errors.push(forbidden(mountPath.child('subPath'), detail))
      if (mount.subPathExpr) errors.push(forbidden(mountPath.child('subPathExpr'), detail))
    })
  })
}

/** A pod's image names carry no space at their ends (templates may, for compatibility). */
export function checkImageSpace(image: string | undefined, path: Path, errors: FieldError[]): void {
  if (!image || image.trim().length === image.length) return
  const detail = 'must not have leading or trailing whitespace'
  errors.push(invalid(path.child('image'), image, detail))
}

function validateCommon(
  container: Container,
  pod: PodContext,
  path: Path,
  errors: FieldError[],
): void {
  if (!container.name) errors.push(required(path.child('name')))
  else checkDNSLabel(container.name, path.child('name'), errors)
  if (!container.image) errors.push(required(path.child('image')))
  const messages = container.terminationMessagePolicy ?? ''
  if (!MESSAGE_POLICIES.includes(messages)) {
    const at = path.child('terminationMessagePolicy')
    errors.push(messages === '' ? required(at) : notSupported(at, messages, MESSAGE_POLICIES))
  }
  if (container.ports) validatePorts(container.ports, path.child('ports'), errors)
  if (container.env) validateEnv(container.env, path.child('env'), errors)
  if (container.envFrom) validateEnvFrom(container.envFrom, path.child('envFrom'), errors)
  validateMounts(container, pod.volumes, path.child('volumeMounts'), errors)
  validateDevices(container, pod.volumes, path.child('volumeDevices'), errors)
  const pull = container.imagePullPolicy ?? ''
  if (!PULL_POLICIES.includes(pull)) {
    const at = path.child('imagePullPolicy')
    errors.push(pull === '' ? required(at) : notSupported(at, pull, PULL_POLICIES))
  }
  if (container.resources) {
    validateContainerResources(container.resources, pod.claims, path.child('resources'), errors)
  }
  if (container.resizePolicy) {
    validateResize(container.resizePolicy, pod, path.child('resizePolicy'), errors)
  }
  if (container.securityContext) {
    const at = path.child('securityContext')
    validateContainerSecurity(container.securityContext, pod.hostUsers, at, errors)
  }
}

function validateRestartPolicy(container: Container, path: Path, errors: FieldError[]): void {
  const policies = ['Always', 'Never', 'OnFailure']
  const policy = container.restartPolicy!
  if (policies.includes(policy)) return
  errors.push(notSupported(path.child('restartPolicy'), policy, policies))
}

function validatePorts(ports: readonly ContainerPort[], path: Path, errors: FieldError[]): void {
  const names = new Set<string>()
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i]!
    const at = path.index(i)
    if (port.name) {
      const messages = isValidPortName(port.name)
      if (messages.length > 0) checkAll(messages, port.name, at.child('name'), errors)
      else if (names.has(port.name)) errors.push(duplicate(at.child('name'), port.name))
      else names.add(port.name)
    }
    if (!port.containerPort) errors.push(required(at.child('containerPort')))
    else checkPort(port.containerPort, at.child('containerPort'), errors)
    if (port.hostPort) checkPort(port.hostPort, at.child('hostPort'), errors)
    const protocol = port.protocol ?? ''
    if (!PROTOCOLS.includes(protocol)) {
      const field = at.child('protocol')
      errors.push(protocol === '' ? required(field) : notSupported(field, protocol, PROTOCOLS))
    }
  }
}

function checkHostPorts(containers: readonly Container[], path: Path, errors: FieldError[]): void {
  let taken: Set<string> | undefined
  containers.forEach((container, i) => {
    container.ports?.forEach((port, j) => {
      if (!port.hostPort) return
      taken ??= new Set()
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`
      if (taken.has(key)) {
        errors.push(duplicate(path.index(i).child('ports').index(j).child('hostPort'), key))
      }
      taken.add(key)
    })
  })
}

function validateEnv(env: readonly EnvVar[], path: Path, errors: FieldError[]): void {
  for (let i = 0; i < env.length; i++) {
    const variable = env[i]!
    const at = path.index(i)
    if (!variable.name) errors.push(required(at.child('name')))
    else checkAll(isRelaxedEnvVarName(variable.name), variable.name, at.child('name'), errors)
    if (variable.valueFrom) validateValueFrom(variable, at.child('valueFrom'), errors)
  }
}

function validateValueFrom(variable: EnvVar, path: Path, errors: FieldError[]): void {
  const from = variable.valueFrom!
  let sources = 0
  if (from.fieldRef) {
    sources++
    checkEnvFieldRef(from.fieldRef, path.child('fieldRef'), errors)
  }
  if (from.resourceFieldRef) {
    sources++
    checkResourceFieldRef(from.resourceFieldRef, false, path.child('resourceFieldRef'), errors)
  }
  for (const key of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const ref = from[key]
    if (!ref) continue
    sources++
    checkKeyRef(ref, path.child(key), errors)
  }
  if (from.fileKeyRef) {
    sources++
    const at = path.child('fileKeyRef')
    if (!from.fileKeyRef.key) errors.push(required(at.child('key')))
    if (!from.fileKeyRef.volumeName) errors.push(required(at.child('volumeName')))
    if (!from.fileKeyRef.path) errors.push(required(at.child('path')))
    else checkLocalNonReservedPath(from.fileKeyRef.path, at.child('path'), errors)
  }
  if (sources === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    errors.push(invalid(path, '', detail))
  } else if (variable.value) {
    errors.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  } else if (sources > 1) {
    errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
  }
}

function checkKeyRef(
  ref: { readonly name?: string; readonly key: string },
  path: Path,
  errors: FieldError[],
): void {
  const name = ref.name ?? ''
  checkAll(nameIsDNSSubdomain(name, false), name, path.child('name'), errors)
  if (!ref.key) errors.push(required(path.child('key')))
  else checkAll(isConfigMapKey(ref.key), ref.key, path.child('key'), errors)
}

function validateEnvFrom(
  sources: readonly EnvFromSource[],
  path: Path,
  errors: FieldError[],
): void {
  sources.forEach((source, i) => {
    const at = path.index(i)
    const { prefix } = source
    if (prefix) checkAll(isRelaxedEnvVarName(prefix), prefix, at.child('prefix'), errors)
    let count = 0
    for (const key of ['configMapRef', 'secretRef'] as const) {
      const ref = source[key]
      if (!ref) continue
      count++
      const name = at.child(key, 'name')
      if (!ref.name) errors.push(required(name))
      else checkAll(nameIsDNSSubdomain(ref.name, true), ref.name, name, errors)
    }
    if (count === 0) {
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (count > 1) {
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
    }
  })
}

function validateResize(
  policies: readonly ContainerResizePolicy[],
  pod: PodContext,
  path: Path,
  errors: FieldError[],
): void {
  const resources = ['cpu', 'memory']
  const restarts = ['NotRequired', 'RestartContainer']
  const seen = new Set<string>()
  policies.forEach((policy, i) => {
    const { resourceName, restartPolicy } = policy
    if (seen.has(resourceName)) errors.push(duplicate(path.index(i), resourceName))
    seen.add(resourceName)
    if (!resourceName) errors.push(required(path))
    else if (!resources.includes(resourceName)) {
      errors.push(notSupported(path, resourceName, resources))
    }
    if (!restartPolicy) errors.push(required(path))
    else if (!restarts.includes(restartPolicy)) {
      errors.push(notSupported(path, restartPolicy, restarts))
    }
    if (pod.restartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const detail = "must be 'NotRequired' when `restartPolicy` is 'Never'"
      errors.push(invalid(path, restartPolicy ?? '', detail))
    }
  })
}
