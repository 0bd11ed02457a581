import type { ObjectFieldSelector, ResourceFieldSelector } from '../../generated/core-v1'
import { type FieldError, invalid, notSupported, type Path, required } from '../../machinery/field'
import { canonicalQuantity } from '../../machinery/quantity'
import { checkQualifiedName } from '../checks'

const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]
const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
const CONVERTIBLE: ReadonlySet<string> = new Set([
  ...VOLUME_FIELDS,
  ...ENV_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
  'status.nominatedNodeName',
])
const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const DIVISORS = /^1([kMGTPE]|[KMGTPE]i)?$/
const DIVISOR_TEXT = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei'
const SUBSCRIPT = /^([^[]+)\['(.*)'\]$/s

/** The downward API's fields in a volume. */
export function checkVolumeFieldRef(
  ref: ObjectFieldSelector,
  path: Path,
  errors: FieldError[],
): void {
  checkFieldRef(ref, VOLUME_FIELDS, path, errors)
}

/** The downward API's fields in an environment variable. */
export function checkEnvFieldRef(ref: ObjectFieldSelector, path: Path, errors: FieldError[]): void {
  checkFieldRef(ref, ENV_FIELDS, path, errors)
}

function checkFieldRef(
  ref: ObjectFieldSelector,
  allowed: readonly string[],
  path: Path,
  errors: FieldError[],
): void {
  if (!ref.apiVersion) {
    errors.push(required(path.child('apiVersion')))
    return
  }
  if (!ref.fieldPath) {
    errors.push(required(path.child('fieldPath')))
    return
  }
  const problem = conversionProblem(ref)
  if (problem !== undefined) {
    const detail = `error converting fieldPath: ${problem}`
    errors.push(invalid(path.child('fieldPath'), ref.fieldPath, detail))
    return
  }
  const field = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath
  const subscript = SUBSCRIPT.exec(field)
  if (subscript) {
    const [, base, key = ''] = subscript
    if (base === 'metadata.annotations') checkQualifiedName(key.toLowerCase(), path, errors)
    else if (base === 'metadata.labels') checkQualifiedName(key, path, errors)
    else errors.push(invalid(path, base, 'does not support subscript'))
  } else if (!allowed.includes(field)) {
    errors.push(notSupported(path.child('fieldPath'), field, allowed))
  }
}

function conversionProblem(ref: ObjectFieldSelector): string | undefined {
  if (ref.apiVersion !== 'v1') return `unsupported pod version: ${ref.apiVersion}`
  const subscript = SUBSCRIPT.exec(ref.fieldPath)
  if (subscript) {
    const base = subscript[1]
    if (base === 'metadata.annotations' || base === 'metadata.labels') return undefined
    return `field label does not support subscript: ${ref.fieldPath}`
  }
  if (CONVERTIBLE.has(ref.fieldPath) || ref.fieldPath === 'spec.host') return undefined
  return `field label not supported: ${ref.fieldPath}`
}

/** A container's limit or request as a value; in a volume the container must be named. */
export function checkResourceFieldRef(
  ref: ResourceFieldSelector,
  inVolume: boolean,
  path: Path,
  errors: FieldError[],
): void {
  if (inVolume && !ref.containerName) errors.push(required(path.child('containerName')))
  else if (!ref.resource) errors.push(required(path.child('resource')))
  else if (!RESOURCES.includes(ref.resource) && !isHugePages(ref.resource)) {
    errors.push(notSupported(path.child('resource'), ref.resource, RESOURCES))
  }
  checkDivisor(ref, path, errors)
}

function isHugePages(resource: string): boolean {
  return resource.startsWith('limits.hugepages-') || resource.startsWith('requests.hugepages-')
}

function checkDivisor(ref: ResourceFieldSelector, path: Path, errors: FieldError[]): void {
  const divisor = ref.divisor === undefined ? '0' : canonicalQuantity(ref.divisor)
  if (divisor === '0' || divisor === undefined) return
  const resource = ref.resource ?? ''
  let detail: string | undefined
  if (resource.endsWith('.cpu')) {
    if (divisor !== '1m' && divisor !== '1') {
      detail = "only divisor's values 1m and 1 are supported with the cpu resource"
    }
  } else if (!DIVISORS.test(divisor)) {
    const what = divisorSubject(resource)
    if (what)
      detail = `only divisor's values ${DIVISOR_TEXT} are supported with the ${what} resource`
  }
  if (detail) errors.push(invalid(path.child('divisor'), resource, detail))
}

function divisorSubject(resource: string): string | undefined {
  if (resource.endsWith('.memory')) return 'memory'
  if (resource.endsWith('.ephemeral-storage')) return 'local ephemeral storage'
  return isHugePages(resource) ? 'hugepages' : undefined
}
