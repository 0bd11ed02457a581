import type { EndpointAddress, EndpointPort, Endpoints } from '../../generated/core-v1'
import type { Endpoint, EndpointSlice } from '../../generated/discovery-v1'
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  Path,
  required,
  tooMany,
} from '../../machinery/field'
import { ipFamily } from '../../machinery/names'
import { semanticEqual } from '../../machinery/semantic-equal'
import {
  checkAll,
  checkDNSLabel,
  checkDNSSubdomain,
  checkIP,
  checkLabelName,
  checkOneOf,
  checkPort,
  checkQualifiedName,
  FIELD_IMMUTABLE,
  nameIsDNSSubdomain,
} from '../checks'
import { each, fill, missing, within } from '../sharing'
import { contentChanged, type KindStrategy, strategyOf } from '../strategy'
import { checkNonSpecialIP } from './ip'

const SUBSETS = Path.of('subsets')
const ENDPOINTS = Path.of('endpoints')
const PORTS = Path.of('ports')
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6']
const endpointsMax = 1000
const addressesMax = 100
const portsMax = 20_000
const PORT: Partial<EndpointPort> = { protocol: 'TCP' }
const SLICE_PORT = { name: '', protocol: 'TCP' } as const

/** Rules of `endpoints`. */
export const endpointsStrategy: KindStrategy<Endpoints> = strategyOf<Endpoints>({
  allowCreateOnUpdate: true,
  metadataAgain: true,
  defaults: (object) =>
    within(object, 'subsets', (subsets) =>
      each(subsets, (subset) =>
        within(subset, 'ports', (ports) => each(ports, (port) => fill(port, PORT))),
      ),
    ),
  validate(object, errors) {
    object.subsets?.forEach((subset, i) => {
      const at = SUBSETS.index(i)
      if (!subset.addresses?.length && !subset.notReadyAddresses?.length) {
        errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'))
      }
      for (const field of ['addresses', 'notReadyAddresses'] as const) {
        subset[field]?.forEach((address, j) => {
          validateAddress(address, at.child(field).index(j), errors)
        })
      }
      const ports = subset.ports ?? []
      ports.forEach((port, j) => {
        validatePort(port, ports.length > 1, at.child('ports').index(j), errors)
      })
    })
  },
})

function validateAddress(address: EndpointAddress, path: Path, errors: FieldError[]): void {
  const ip = address.ip ?? ''
  checkIP(ip, path.child('ip'), errors)
  if (address.hostname) checkDNSLabel(address.hostname, path.child('hostname'), errors)
  if (address.nodeName !== undefined) {
    const name = address.nodeName
    checkAll(nameIsDNSSubdomain(name, false), name, path.child('nodeName'), errors)
  }
  checkNonSpecialIP(ip, path.child('ip'), errors)
}

function validatePort(
  port: EndpointPort,
  needsName: boolean,
  path: Path,
  errors: FieldError[],
): void {
  if (port.name) checkDNSLabel(port.name, path.child('name'), errors)
  else if (needsName) errors.push(required(path.child('name')))
  checkPort(port.port, path.child('port'), errors)
  checkOneOf(port.protocol, PROTOCOLS, path.child('protocol'), errors)
  if (port.appProtocol !== undefined) {
    checkQualifiedName(port.appProtocol, path.child('appProtocol'), errors)
  }
}

/** Rules of `endpointslices`. */
export const endpointSliceStrategy: KindStrategy<EndpointSlice> = strategyOf<EndpointSlice>({
  hasGeneration: true,
  defaults: (slice) =>
    within(slice, 'ports', (ports) => each(ports, (port) => missing(port, SLICE_PORT))),
  generationChanged: (next, old) =>
    contentChanged(next, old) || !semanticEqual(next.metadata.labels, old.metadata.labels),
  validate: validateSlice,
  validateUpdate(next, old, errors) {
    validateSlice(next, errors)
    if (next.addressType !== old.addressType) {
      errors.push(invalid(Path.of('addressType'), next.addressType, FIELD_IMMUTABLE))
    }
  },
})

function validateSlice(slice: EndpointSlice, errors: FieldError[]): void {
  const type = slice.addressType ?? ''
  const at = Path.of('addressType')
  if (type === '') errors.push(required(at))
  else if (!ADDRESS_TYPES.includes(type)) errors.push(notSupported(at, type, ADDRESS_TYPES))
  const endpoints = slice.endpoints ?? []
  if (endpoints.length > endpointsMax) {
    errors.push(tooMany(ENDPOINTS, endpoints.length, endpointsMax))
    return
  }
  endpoints.forEach((item, i) => {
    validateEndpoint(item, type, ENDPOINTS.index(i), errors)
  })
  const ports = slice.ports ?? []
  if (ports.length > portsMax) errors.push(tooMany(PORTS, ports.length, portsMax))
  const names = new Set<string>()
  ports.forEach((port, i) => {
    const path = PORTS.index(i)
    const name = port.name ?? ''
    if (name !== '') checkDNSLabel(name, path.child('name'), errors)
    if (names.has(name)) errors.push(duplicate(path.child('name'), name))
    names.add(name)
    if (port.port !== undefined) checkPort(port.port, path.child('port'), errors)
    checkOneOf(port.protocol, PROTOCOLS, path.child('protocol'), errors)
    if (port.appProtocol !== undefined) {
      checkQualifiedName(port.appProtocol, path.child('appProtocol'), errors)
    }
  })
}

function validateEndpoint(item: Endpoint, type: string, path: Path, errors: FieldError[]): void {
  const at = path.child('addresses')
  const addresses = item.addresses ?? []
  if (addresses.length === 0) errors.push(required(at, 'must contain at least 1 address'))
  if (addresses.length > addressesMax) errors.push(tooMany(at, addresses.length, addressesMax))
  addresses.forEach((address, i) => {
    if (type === 'FQDN') checkDNSSubdomain(address, at.index(i), errors)
    else if (type === 'IPv4' || type === 'IPv6') {
      const family = type === 'IPv4' ? 4 : 6
      if (ipFamily(address) === family) checkNonSpecialIP(address, at.index(i), errors)
      else errors.push(invalid(at.index(i), address, `must be a valid ${type} address`))
    }
  })
  if (item.nodeName !== undefined) {
    const name = item.nodeName
    checkAll(nameIsDNSSubdomain(name, false), name, path.child('nodeName'), errors)
  }
  for (const key of Object.keys(item.deprecatedTopology ?? {})) {
    checkLabelName(key, path.child('deprecatedTopology').key(key), errors)
  }
  if (item.hostname !== undefined) checkDNSLabel(item.hostname, path.child('hostname'), errors)
}
