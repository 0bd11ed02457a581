import type { ResourceClaim, ResourceRequirements } from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { isQualifiedName } from '../../machinery/names'
import { canonicalQuantity, compareQuantity, mustQuantity } from '../../machinery/quantity'
import { checkAll, checkDNSLabel, isNegativeQuantity } from '../checks'
import { isPodLevelResource } from './defaults'

const STANDARD: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
])
const INTEGERS: ReadonlySet<string> = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
])
const HUGE_PAGES = 'hugepages-'

type ResourceList = Readonly<Record<string, string | number>>
type NameCheck = (name: string, path: Path, errors: FieldError[]) => void

/** `resources` of a container; `claims` are the names in the pod's resourceClaims. */
export function validateContainerResources(
  resources: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  path: Path,
  errors: FieldError[],
): void {
  if (!resources) return
  validateRequirements(resources, checkContainerResourceName, path, errors)
  if (resources.claims) validateClaims(resources.claims, claims, path.child('claims'), errors)
}

/** `resources` of a pod as a whole. */
export function validatePodResources(
  resources: ResourceRequirements,
  path: Path,
  errors: FieldError[],
): void {
  if (resources.claims) {
    const detail = 'claims cannot be set for Resources at pod-level'
    errors.push(forbidden(path.child('claims'), detail))
  }
  validateRequirements(resources, checkPodResourceName, path, errors)
}

/** A list of limits without requests: the overhead. */
export function validateLimits(limits: ResourceList, path: Path, errors: FieldError[]): void {
  validateRequirements({ limits }, checkContainerResourceName, path, errors)
}

function validateRequirements(
  resources: ResourceRequirements,
  checkName: NameCheck,
  path: Path,
  errors: FieldError[],
): void {
  const { limits, requests } = resources
  let computes = false
  let hugePages = false
  for (const name in limits) {
    computes ||= name === 'cpu' || name === 'memory'
    hugePages ||= name.startsWith(HUGE_PAGES)
    checkEntry(name, limits[name]!, checkName, path.child('limits').key(name), errors)
  }
  for (const name in requests) {
    computes ||= name === 'cpu' || name === 'memory'
    hugePages ||= name.startsWith(HUGE_PAGES)
    checkEntry(name, requests[name]!, checkName, path.child('requests').key(name), errors)
    checkAgainstLimit(name, requests[name]!, limits, path, errors)
  }
  if (hugePages && !computes) errors.push(forbidden(path, 'HugePages require cpu or memory'))
}

function checkEntry(
  name: string,
  value: string | number,
  checkName: NameCheck,
  path: Path,
  errors: FieldError[],
): void {
  if (name !== 'cpu' && name !== 'memory') checkName(name, path, errors)
  checkResourceQuantity(name, value, path, errors)
  if (!name.startsWith(HUGE_PAGES) || isDivisible(name, value)) return
  const text = canonicalQuantity(value)
  errors.push(invalid(path, text, `${text} is not positive integer multiple of ${name}`))
}

function isDivisible(name: string, value: string | number): boolean {
  const size = mustQuantity(name.slice(HUGE_PAGES.length))
  const amount = mustQuantity(value)
  if (size.mantissa <= 0n || size.exponent10 !== 0 || amount.exponent10 !== 0) return false
  return amount.mantissa % size.mantissa === 0n
}

function checkAgainstLimit(
  name: string,
  request: string | number,
  limits: ResourceList | undefined,
  path: Path,
  errors: FieldError[],
): void {
  const limit = limits !== undefined && Object.hasOwn(limits, name) ? limits[name] : undefined
  if (limit === undefined) {
    if (isOvercommitAllowed(name)) return
    const detail = 'Limit must be set for non overcommitable resources'
    errors.push(required(path.child('limits'), detail))
    return
  }
  if (limit === request) return
  const order = compareQuantity(mustQuantity(request), mustQuantity(limit))
  if (order === 0) return
  const text = canonicalQuantity(request)
  const bound = `${name} limit of ${canonicalQuantity(limit)}`
  const at = path.child('requests')
  if (!isOvercommitAllowed(name)) errors.push(invalid(at, text, `must be equal to ${bound}`))
  else if (order > 0) errors.push(invalid(at, text, `must be less than or equal to ${bound}`))
}

/** Not negative, and whole where the resource is counted. */
export function checkResourceQuantity(
  name: string,
  value: string | number,
  path: Path,
  errors: FieldError[],
): void {
  if (isNegativeQuantity(value)) {
    const detail = 'must be greater than or equal to 0'
    errors.push(invalid(path, canonicalQuantity(value), detail))
  }
  if (name === 'cpu' || name === 'memory') return
  if (!INTEGERS.has(name) && !isExtendedResource(name)) return
  if (mustQuantity(value).exponent10 === 0) return
  errors.push(invalid(path, canonicalQuantity(value), 'must be an integer'))
}

/** A qualified name, or one of Kubernetes' own. */
export function checkResourceName(name: string, path: Path, errors: FieldError[]): boolean {
  const messages = isQualifiedName(name)
  checkAll(messages, name, path, errors)
  if (messages.length > 0) return false
  if (!name.includes('/') && !STANDARD.has(name) && !name.startsWith(HUGE_PAGES)) {
    errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'))
  }
  return true
}

/** What a container may ask for. */
export function checkContainerResourceName(name: string, path: Path, errors: FieldError[]): void {
  checkResourceName(name, path, errors)
  if (!name.includes('/')) {
    if (!isContainerResource(name)) {
      errors.push(invalid(path, name, 'must be a standard resource for containers'))
    }
  } else if (!isNative(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"))
  }
}

function checkPodResourceName(name: string, path: Path, errors: FieldError[]): void {
  if (checkResourceName(name, path, errors) && !isPodLevelResource(name)) {
    errors.push(notSupported(path, name, ['cpu', 'hugepages-', 'memory']))
  }
}

function isContainerResource(name: string): boolean {
  if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage') return true
  return name.startsWith(HUGE_PAGES)
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

/** A resource of some other domain: counted, and never overcommitted. */
function isExtendedResource(name: string): boolean {
  if (isNative(name) || name.startsWith('requests.')) return false
  return isQualifiedName(`requests.${name}`).length === 0
}

/** Native resources but huge pages: requests may be below limits. */
function isOvercommitAllowed(name: string): boolean {
  return isNative(name) && !name.startsWith(HUGE_PAGES)
}

function validateClaims(
  claims: readonly ResourceClaim[],
  podClaims: ReadonlySet<string>,
  path: Path,
  errors: FieldError[],
): void {
  const seen = new Set<string>()
  claims.forEach((claim, i) => {
    const at = path.index(i)
    const { name, request } = claim
    if (!name) {
      errors.push(required(at))
      return
    }
    const key = request ? `${name}/${request}` : name
    if (request) checkDNSLabel(request, at.child('request'), errors)
    const overlaps = !request && [...seen].some((other) => other.startsWith(`${name}/`))
    if (seen.has(name) || seen.has(key) || overlaps) errors.push(duplicate(at, key))
    seen.add(key)
    if (podClaims.has(name)) return
    const known = podClaims.size === 0 ? ' which is empty' : `: ${[...podClaims].sort().join(', ')}`
    const detail = `must be one of the names in pod.spec.resourceClaims${known}`
    errors.push({ type: 'FieldValueNotFound', field: at.toString(), badValue: name, detail })
  })
}
