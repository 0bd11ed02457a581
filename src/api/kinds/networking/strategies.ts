import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressClassParametersReference,
  IngressSpec,
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../generated/networking-v1'
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  Path,
  required,
  tooLong,
} from '../../machinery/field'
import {
  ipFamily,
  isDNS1123Subdomain,
  isValidPortName,
  isWildcardDNS1123Subdomain,
} from '../../machinery/names'
import {
  checkAll,
  checkCIDR,
  checkDNSSubdomain,
  checkIP,
  checkLabelSelector,
  checkPort,
  checkPortNumberOrName,
  FIELD_IMMUTABLE,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
  nameIsPathSegment,
} from '../checks'
import { each, missing, put, within } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'

const SPEC = Path.of('spec')
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const BAD_SUFFIXES = ['/..', '/.']
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const TCP = { protocol: 'TCP' }
const controllerLengthMax = 250

/** Rules of `ingresses`. */
export const ingressStrategy: KindStrategy<Ingress> = strategyOf<Ingress>({
  metadataAgain: true,
  hasStatus: true,
  hasGeneration: true,
  validate(ingress, errors) {
    validateIngress(ingress.spec ?? {}, errors)
    const annotation = ingress.metadata.annotations?.[CLASS_ANNOTATION]
    const name = ingress.spec?.ingressClassName
    if (annotation === undefined || name === undefined || annotation === name) return
    const detail = 'must match `ingressClassName` when both are specified'
    errors.push(invalid(Path.of('annotations', CLASS_ANNOTATION), annotation, detail))
  },
  validateUpdate: (next, _old, errors) => validateIngress(next.spec ?? {}, errors),
  validateStatusUpdate(next, _old, errors) {
    next.status?.loadBalancer?.ingress?.forEach((item, i) => {
      const at = Path.of('status', 'loadBalancer', 'ingress').index(i)
      if (item.ip) checkIP(item.ip, at.child('ip'), errors)
      if (!item.hostname) return
      checkDNSSubdomain(item.hostname, at.child('hostname'), errors)
      if (ipFamily(item.hostname) === undefined) return
      const detail = 'must be a DNS name, not an IP address'
      errors.push(invalid(at.child('hostname'), item.hostname, detail))
    })
  },
})

function validateIngress(spec: IngressSpec, errors: FieldError[]): void {
  if (!spec.rules?.length && !spec.defaultBackend) {
    const detail = 'either `defaultBackend` or `rules` must be specified'
    errors.push(invalid(SPEC, spec.rules ?? null, detail))
  }
  if (spec.defaultBackend) {
    validateBackend(spec.defaultBackend, SPEC.child('defaultBackend'), errors)
  }
  spec.rules?.forEach((rule, i) => {
    const at = SPEC.child('rules').index(i)
    if (rule.host) checkHost(rule.host, at.child('host'), true, errors)
    if (!rule.http) return
    const paths = at.child('http', 'paths')
    if (!rule.http.paths?.length) errors.push(required(paths))
    rule.http.paths?.forEach((item, j) => {
      validatePath(item, paths.index(j), errors)
    })
  })
  spec.tls?.forEach((tls, i) => {
    const at = SPEC.child('tls').index(i)
    tls.hosts?.forEach((host, j) => {
      checkHost(host, at.child('hosts').index(j), false, errors)
    })
    if (!tls.secretName) return
    checkAll(
      nameIsDNSSubdomain(tls.secretName, false),
      tls.secretName,
      at.child('secretName'),
      errors,
    )
  })
  const name = spec.ingressClassName
  if (name === undefined) return
  checkAll(nameIsDNSSubdomain(name, false), name, SPEC.child('ingressClassName'), errors)
}

function checkHost(host: string, path: Path, noAddress: boolean, errors: FieldError[]): void {
  if (noAddress && ipFamily(host) !== undefined) {
    errors.push(invalid(path, host, 'must be a DNS name, not an IP address'))
  }
  const messages = host.includes('*') ? isWildcardDNS1123Subdomain(host) : isDNS1123Subdomain(host)
  checkAll(messages, host, path, errors)
}

function validatePath(item: HTTPIngressPath, path: Path, errors: FieldError[]): void {
  if (item.pathType === undefined) {
    errors.push(required(path.child('pathType'), 'pathType must be specified'))
    return
  }
  const text = item.path ?? ''
  const at = path.child('path')
  if (!PATH_TYPES.includes(item.pathType)) {
    errors.push(notSupported(path.child('pathType'), item.pathType, PATH_TYPES))
  } else if (item.pathType === 'ImplementationSpecific') {
    if (text !== '' && !text.startsWith('/')) {
      errors.push(invalid(at, text, 'must be an absolute path'))
    }
  } else {
    if (!text.startsWith('/')) errors.push(invalid(at, text, 'must be an absolute path'))
    for (const part of BAD_SEQUENCES) {
      if (text.includes(part)) errors.push(invalid(at, text, `must not contain '${part}'`))
    }
    for (const end of BAD_SUFFIXES) {
      if (text.endsWith(end)) errors.push(invalid(at, text, `cannot end with '${end}'`))
    }
  }
  validateBackend(item.backend ?? {}, path.child('backend'), errors)
}

function validateBackend(backend: IngressBackend, path: Path, errors: FieldError[]): void {
  const { resource, service } = backend
  if (resource && service) {
    errors.push(invalid(path, '', 'cannot set both resource and service backends'))
    return
  }
  if (resource) {
    const at = path.child('resource')
    if (resource.apiGroup !== undefined) {
      checkDNSSubdomain(resource.apiGroup, at.child('apiGroup'), errors)
    }
    for (const field of ['kind', 'name'] as const) checkSegment(resource[field], at, field, errors)
    return
  }
  if (!service) {
    errors.push(invalid(path, '', 'resource or service backend is required'))
    return
  }
  const at = path.child('service')
  if (!service.name) errors.push(required(at.child('name')))
  else checkAll(nameIsDNSLabel(service.name, false), service.name, at.child('name'), errors)
  const { name, number } = service.port ?? {}
  if (name && number) errors.push(invalid(path, '', 'cannot set both port name & port number'))
  else if (name) checkAll(isValidPortName(name), name, at.child('port', 'name'), errors)
  else if (number) checkPort(number, at.child('port', 'number'), errors)
  else errors.push(required(path, 'port name or number is required'))
}

function checkSegment(
  value: string | undefined,
  path: Path,
  field: string,
  errors: FieldError[],
): void {
  if (!value) errors.push(required(path.child(field)))
  else checkAll(nameIsPathSegment(value, false), value, path.child(field), errors)
}

/** Rules of `ingressclasses`. */
export const ingressClassStrategy: KindStrategy<IngressClass> = strategyOf<IngressClass>({
  metadataAgain: true,
  namespaced: false,
  hasGeneration: true,
  defaults: (object) =>
    within(object, 'spec', (spec) =>
      within(spec, 'parameters', (parameters) => missing(parameters, { scope: 'Cluster' })),
    ),
  validate: validateClass,
  validateUpdate(next, old, errors) {
    if (next.spec?.controller !== old.spec?.controller) {
      const at = SPEC.child('controller')
      errors.push(invalid(at, next.spec?.controller ?? '', FIELD_IMMUTABLE))
    }
    validateClass(next, errors)
  },
})

function validateClass(object: IngressClass, errors: FieldError[]): void {
  const at = SPEC.child('controller')
  const controller = object.spec?.controller
  if (!controller) errors.push(required(at))
  else {
    if (controller.length > controllerLengthMax) errors.push(tooLong(at, controllerLengthMax))
    const slash = controller.indexOf('/')
    if (slash <= 0 || slash === controller.length - 1) {
      const detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
      errors.push(invalid(at, controller, detail))
    } else {
      checkAll(
        isDNS1123Subdomain(controller.slice(0, slash)),
        controller.slice(0, slash),
        at,
        errors,
      )
    }
  }
  const parameters = object.spec?.parameters
  if (parameters) validateParameters(parameters, SPEC.child('parameters'), errors)
}

function validateParameters(
  parameters: IngressClassParametersReference,
  path: Path,
  errors: FieldError[],
): void {
  if (parameters.apiGroup !== undefined) {
    checkDNSSubdomain(parameters.apiGroup, path.child('apiGroup'), errors)
  }
  for (const field of ['kind', 'name'] as const)
    checkSegment(parameters[field], path, field, errors)
  const { scope, namespace } = parameters
  const at = path.child('namespace')
  if (scope === undefined) errors.push(required(path.child('scope')))
  else if (scope === 'Namespace') {
    if (namespace === undefined) {
      errors.push(required(at, "`parameters.scope` is set to 'Namespace'"))
    } else checkAll(nameIsDNSLabel(namespace, false), namespace, at, errors)
  } else if (scope === 'Cluster') {
    if (namespace !== undefined) {
      errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"))
    }
  } else errors.push(notSupported(path.child('scope'), scope, ['Cluster', 'Namespace']))
}

/** Rules of `networkpolicies`. */
export const networkPolicyStrategy: KindStrategy<NetworkPolicy> = strategyOf<NetworkPolicy>({
  hasGeneration: true,
  defaults(policy) {
    let spec = policy.spec ?? {}
    spec = within(spec, 'ingress', (rules) => each(rules, portDefaults))
    spec = within(spec, 'egress', (rules) => each(rules, portDefaults))
    if (!spec.policyTypes?.length) {
      const types = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
      spec = put(spec, 'policyTypes', types)
    }
    return put(policy, 'spec', spec)
  },
  validate: validatePolicy,
})

function portDefaults<T extends { readonly ports?: readonly NetworkPolicyPort[] }>(rule: T): T {
  if (!rule.ports) return rule
  const ports = each(rule.ports, (port) => missing(port, TCP))
  return ports === rule.ports ? rule : { ...rule, ports }
}

function validatePolicy(policy: NetworkPolicy, errors: FieldError[]): void {
  const { spec } = policy
  checkLabelSelector(spec.podSelector, SPEC.child('podSelector'), errors)
  for (const direction of ['ingress', 'egress'] as const) {
    spec[direction]?.forEach((rule, i) => {
      const at = SPEC.child(direction).index(i)
      rule.ports?.forEach((port, j) => {
        validatePolicyPort(port, at.child('ports').index(j), errors)
      })
      const field = direction === 'ingress' ? 'from' : 'to'
      const peers = (rule as Readonly<Record<string, readonly NetworkPolicyPeer[] | undefined>>)[
        field
      ]
      peers?.forEach((peer, j) => {
        validatePeer(peer, at.child(field).index(j), errors)
      })
    })
  }
  const types = spec.policyTypes ?? []
  const at = SPEC.child('policyTypes')
  if (types.length > 2) {
    errors.push(invalid(at, types, 'may not specify more than two policyTypes'))
    return
  }
  types.forEach((type, i) => {
    if (type === 'Ingress' || type === 'Egress') return
    errors.push(notSupported(at.index(i), type, ['Ingress', 'Egress']))
  })
}

function validatePolicyPort(port: NetworkPolicyPort, path: Path, errors: FieldError[]): void {
  const protocols = ['TCP', 'UDP', 'SCTP']
  if (port.protocol !== undefined && !protocols.includes(port.protocol)) {
    errors.push(notSupported(path.child('protocol'), port.protocol, protocols))
  }
  const end = port.endPort
  const at = path.child('endPort')
  if (port.port === undefined) {
    if (end !== undefined) {
      errors.push(invalid(at, end, 'may not be specified when `port` is not specified'))
    }
    return
  }
  if (end !== undefined && typeof port.port === 'string') {
    errors.push(invalid(at, end, 'may not be specified when `port` is non-numeric'))
  }
  checkPortNumberOrName(port.port, path.child('port'), errors)
  if (end === undefined || typeof port.port === 'string') return
  if (end < port.port) errors.push(invalid(at, end, 'must be greater than or equal to `port`'))
  checkPort(end, at, errors)
}

function validatePeer(peer: NetworkPolicyPeer, path: Path, errors: FieldError[]): void {
  const { podSelector, namespaceSelector, ipBlock } = peer
  checkLabelSelector(podSelector, path.child('podSelector'), errors)
  checkLabelSelector(namespaceSelector, path.child('namespaceSelector'), errors)
  if (ipBlock) validateBlock(ipBlock, path.child('ipBlock'), errors)
  if (!podSelector && !namespaceSelector && !ipBlock) {
    errors.push(required(path, 'must specify a peer'))
  } else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbidden(path, 'may not specify both ipBlock and another peer'))
  }
}

function validateBlock(block: IPBlock, path: Path, errors: FieldError[]): void {
  if (!block.cidr) {
    errors.push(required(path.child('cidr')))
    return
  }
  checkCIDR(block.cidr, path.child('cidr'), errors)
  block.except?.forEach((cidr, i) => {
    checkCIDR(cidr, path.child('except').index(i), errors)
  })
}
