import type { HostAlias, PodDNSConfig, PodSpec } from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { regexMessage } from '../../machinery/names'
import { canonicalQuantity, compareQuantity, mustQuantity } from '../../machinery/quantity'
import {
  checkAll,
  checkDNSLabel,
  checkDNSSubdomain,
  checkIP,
  checkLabels,
  checkOneOf,
  checkQualifiedName,
  checkRange,
  nameIsDNSSubdomain,
} from '../checks'
import { containerRequests } from './defaults'
import { validateAffinity, validateSpread, validateTolerations } from './validate-affinity'
import {
  checkImageSpace,
  type PodContext,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './validate-containers'
import { validateLimits, validatePodResources } from './validate-resources'
import { validateHostUsers, validatePodSecurity } from './validate-security'
import { validateVolumes } from './validate-volumes'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never']
const int32Max = 2 ** 31 - 1
const UNDERSCORE_SUBDOMAIN =
  '[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*'
const UNDERSCORE_PATTERN = new RegExp(`^${UNDERSCORE_SUBDOMAIN}$`)

/** What differs between a pod and the template of one. */
interface SpecOptions {
  /** Empty in a template. */
  readonly podName: string
  readonly isPod: boolean
}

/** A pod's spec. */
export function validatePodSpec(
  spec: PodSpec,
  path: Path,
  options: SpecOptions,
  errors: FieldError[],
): void {
  const gracePeriodSeconds = spec.terminationGracePeriodSeconds
  if (gracePeriodSeconds === undefined) {
    errors.push(required(path.child('terminationGracePeriodSeconds')))
  }
  const volumes = validateVolumes(spec.volumes, options.podName, path.child('volumes'), errors)
  const claims = validateResourceClaims(spec, path.child('resourceClaims'), errors)
  const pod: PodContext = {
    volumes,
    claims,
    restartPolicy: spec.restartPolicy ?? '',
    gracePeriodSeconds,
    hostUsers: spec.hostUsers !== false,
  }
  const containers = spec.containers ?? []
  const init = spec.initContainers ?? []
  validateContainers(spec.containers, pod, path.child('containers'), errors)
  validateInitContainers(spec.initContainers, containers, pod, path.child('initContainers'), errors)
  if (spec.ephemeralContainers?.length) {
    const at = path.child('ephemeralContainers')
    validateEphemeralContainers(spec.ephemeralContainers, [...containers, ...init], pod, at, errors)
  }
  if (spec.resources) {
    validatePodResources(spec.resources, path.child('resources'), errors)
    checkPodTotals(spec, path.child('resources'), errors)
  }
  if (spec.hostNetwork) checkHostNetworkPorts(spec, path, options.isPod, errors)
  checkOneOf(spec.restartPolicy, RESTART_POLICIES, path.child('restartPolicy'), errors)
  checkOneOf(spec.dnsPolicy, DNS_POLICIES, path.child('dnsPolicy'), errors)
  checkLabels(spec.nodeSelector, path.child('nodeSelector'), errors)
  if (spec.securityContext) {
    validatePodSecurity(spec.securityContext, spec, path.child('securityContext'), errors)
  }
  if (spec.affinity) validateAffinity(spec.affinity, path.child('affinity'), errors)
  validateDns(spec, path.child('dnsConfig'), errors)
  spec.readinessGates?.forEach((gate, i) => {
    const at = path.child('readinessGates').index(i).child('conditionType')
    checkQualifiedName(gate.conditionType ?? '', at, errors)
  })
  validateSchedulingGates(spec, path.child('schedulingGates'), errors)
  if (spec.topologySpreadConstraints) {
    const at = path.child('topologySpreadConstraints')
    validateSpread(spec.topologySpreadConstraints, at, errors)
  }
  validateHostUsers(spec, path, errors)
  validateNames(spec, path, errors)
  validateRest(spec, path, errors)
}

/** What holds for pods but, for compatibility, not for templates. */
export function validatePodOnly(spec: PodSpec, path: Path, errors: FieldError[]): void {
  if (!spec.serviceAccountName) {
    spec.volumes?.forEach((volume, i) => {
      volume.projected?.sources?.forEach((source, j) => {
        if (!source.serviceAccountToken) return
        const at = path.child('volumes').index(i).child('projected', 'sources').index(j)
        const detail = 'must not be specified when serviceAccountName is not set'
        errors.push(forbidden(at.child('serviceAccountToken'), detail))
      })
    })
  }
  for (const field of ['containers', 'initContainers'] as const) {
    spec[field]?.forEach((container, i) => {
      checkImageSpace(container.image, path.child(field).index(i), errors)
    })
  }
}

function validateResourceClaims(
  spec: PodSpec,
  path: Path,
  errors: FieldError[],
): ReadonlySet<string> {
  const names = new Set<string>()
  spec.resourceClaims?.forEach((claim, i) => {
    const at = path.index(i)
    if (!claim.name) errors.push(required(at.child('name')))
    else if (names.has(claim.name)) errors.push(duplicate(at.child('name'), claim.name))
    else checkDNSLabel(claim.name, at.child('name'), errors)
    if (claim.name) names.add(claim.name)
    const { resourceClaimName: direct, resourceClaimTemplateName: template } = claim
    const bad = {
      Name: claim.name ?? '',
      ResourceClaimName: direct ?? null,
      ResourceClaimTemplateName: template ?? null,
    }
    if (direct !== undefined && template !== undefined) {
      const detail =
        'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      errors.push(invalid(at, bad, detail))
    }
    if (direct === undefined && template === undefined) {
      const detail = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
      errors.push(invalid(at, bad, detail))
    }
    for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
      const name = claim[field]
      if (name === undefined) continue
      checkAll(nameIsDNSSubdomain(name, false), name, at.child(field), errors)
    }
  })
  return names
}

function checkPodTotals(spec: PodSpec, path: Path, errors: FieldError[]): void {
  const { requests, limits } = spec.resources!
  const sum = containerRequests(spec)
  for (const name of Object.keys(sum)) {
    const allowed = requests?.[name] ?? '0'
    if (compareQuantity(mustQuantity(sum[name]!), mustQuantity(allowed)) <= 0) continue
    const detail = `must be greater than or equal to aggregate container requests of ${sum[name]}`
    errors.push(invalid(path.child('requests').key(name), canonicalQuantity(allowed), detail))
  }
  spec.containers?.forEach((container, i) => {
    const own = container.resources?.limits ?? {}
    for (const name of Object.keys(own)) {
      const bound = limits?.[name]
      if (bound === undefined) continue
      if (compareQuantity(mustQuantity(own[name]!), mustQuantity(bound)) <= 0) continue
      const at = path.child('containers').index(i).key(name).child('limits')
      const detail = `must be less than or equal to pod limits of ${canonicalQuantity(bound)}`
      errors.push(invalid(at, canonicalQuantity(own[name]!), detail))
    }
  })
}

function checkHostNetworkPorts(
  spec: PodSpec,
  path: Path,
  isPod: boolean,
  errors: FieldError[],
): void {
  spec.containers?.forEach((container, i) => {
    container.ports?.forEach((port, j) => {
      const hostPort = port.hostPort ?? 0
      if ((!isPod && hostPort === 0) || hostPort === (port.containerPort ?? 0)) return
      const at = path.child('containers').index(i).child('ports').index(j).child('hostPort')
      const detail = 'must match `containerPort` when `hostNetwork` is true'
      errors.push(invalid(at, hostPort, detail))
    })
  })
}

function validateDns(spec: PodSpec, path: Path, errors: FieldError[]): void {
  const config = spec.dnsConfig
  if (spec.dnsPolicy === 'None') {
    if (!config) {
      errors.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'))
      return
    }
    if (!config.nameservers?.length) {
      const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
      errors.push(required(path.child('nameservers'), detail))
      return
    }
  }
  if (config) validateDnsConfig(config, path, errors)
}

function validateDnsConfig(config: PodDNSConfig, path: Path, errors: FieldError[]): void {
  const servers = config.nameservers ?? []
  const searches = config.searches ?? []
  const serversAt = path.child('nameservers')
  const searchesAt = path.child('searches')
  if (servers.length > 3) {
    errors.push(invalid(serversAt, servers, 'must not have more than 3 nameservers'))
  }
  servers.forEach((server, i) => {
    checkIP(server, serversAt.index(i), errors)
  })
  if (searches.length > 32) {
    errors.push(invalid(searchesAt, searches, 'must not have more than 32 search paths'))
  }
  if (searches.join(' ').length > 2048) {
    const detail = 'must not have more than 2048 characters (including spaces) in the search list'
    errors.push(invalid(searchesAt, searches, detail))
  }
  searches.forEach((search, i) => {
    if (search === '.') return
    const name = search.endsWith('.') ? search.slice(0, -1) : search
    if (name.length <= 253 && UNDERSCORE_PATTERN.test(name)) return
    const message = regexMessage(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      UNDERSCORE_SUBDOMAIN,
      ['example.com'],
    )
    errors.push(invalid(searchesAt.index(i), name, message))
  })
  config.options?.forEach((option, i) => {
    if (!option.name) errors.push(required(path.child('options').index(i), 'must not be empty'))
  })
}

function validateSchedulingGates(spec: PodSpec, path: Path, errors: FieldError[]): void {
  const seen = new Set<string>()
  spec.schedulingGates?.forEach((gate, i) => {
    const name = gate.name ?? ''
    checkQualifiedName(name, path.index(i), errors)
    if (seen.has(name)) errors.push(duplicate(path.index(i), name))
    seen.add(name)
  })
}

function validateNames(spec: PodSpec, path: Path, errors: FieldError[]): void {
  if (spec.serviceAccountName) {
    const name = spec.serviceAccountName
    checkAll(nameIsDNSSubdomain(name, false), name, path.child('serviceAccountName'), errors)
  }
  if (spec.nodeName) {
    checkAll(
      nameIsDNSSubdomain(spec.nodeName, false),
      spec.nodeName,
      path.child('nodeName'),
      errors,
    )
  }
  if (spec.activeDeadlineSeconds !== undefined) {
    const at = path.child('activeDeadlineSeconds')
    checkRange(spec.activeDeadlineSeconds, 1, int32Max, at, errors)
  }
  if (spec.hostname) checkDNSLabel(spec.hostname, path.child('hostname'), errors)
  if (spec.subdomain) checkDNSLabel(spec.subdomain, path.child('subdomain'), errors)
}

function validateRest(spec: PodSpec, path: Path, errors: FieldError[]): void {
  if (spec.tolerations) validateTolerations(spec.tolerations, path.child('tolerations'), errors)
  spec.hostAliases?.forEach((alias, i) => {
    validateHostAlias(alias, path.child('hostAliases').index(i), errors)
  })
  for (const field of ['priorityClassName', 'runtimeClassName'] as const) {
    const name = spec[field]
    if (name === undefined || (name === '' && field === 'priorityClassName')) continue
    checkAll(nameIsDNSSubdomain(name, false), name, path.child(field), errors)
  }
  if (spec.preemptionPolicy !== undefined) {
    const at = path.child('preemptionPolicy')
    checkOneOf(spec.preemptionPolicy, PREEMPTION_POLICIES, at, errors)
  }
  if (spec.overhead) validateLimits(spec.overhead, path.child('overhead'), errors)
  if (spec.os) {
    const systems = ['linux', 'windows']
    const at = path.child('os')
    if (!spec.os.name) errors.push(required(at.child('name'), 'cannot be empty'))
    else if (!systems.includes(spec.os.name)) errors.push(notSupported(at, spec.os.name, systems))
  }
}

function validateHostAlias(alias: HostAlias, path: Path, errors: FieldError[]): void {
  checkIP(alias.ip ?? '', path.child('ip'), errors)
  alias.hostnames?.forEach((name, i) => {
    checkDNSSubdomain(name, path.child('hostnames').index(i), errors)
  })
}
