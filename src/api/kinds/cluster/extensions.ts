import type { CertificateSigningRequest } from '../../generated/certificates-v1'
import { type FieldError, invalid, notSupported, Path, required } from '../../machinery/field'
import { isDNS1035Label, isDNS1123Subdomain } from '../../machinery/names'
import type { KubeObject } from '../../object'
import { checkAll, type NameRule } from '../checks'
import { base64Bytes } from '../core/base64'
import { missing, within } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'

const SPEC = Path.of('spec')
const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

/** An APIService, as far as its rules look at it. */
interface ApiService extends KubeObject {
  readonly spec?: {
    readonly group?: string
    readonly version?: string
    readonly groupPriorityMinimum?: number
    readonly versionPriority?: number
    readonly caBundle?: string
    readonly insecureSkipTLSVerify?: boolean
    readonly service?: {
      readonly namespace?: string
      readonly name?: string
      readonly port?: number
    }
  }
}

const anyName: NameRule = () => []

/** Rules of `apiservices`. */
export const apiServiceStrategy: KindStrategy<ApiService> = strategyOf<ApiService>({
  namespaced: false,
  hasStatus: true,
  nameRule: anyName,
  defaults: (object) =>
    within(object, 'spec', (spec) =>
      within(spec, 'service', (service) => missing(service, { port: 443 })),
    ),
  prepareForCreate: (object) => ({ ...object, status: {} }),
  validate(object, errors) {
    const {
      group = '',
      version = '',
      groupPriorityMinimum = 0,
      versionPriority = 0,
    } = object.spec ?? {}
    const { name } = object.metadata
    const expected = `${version}.${group}`
    if (name && name !== expected) {
      const detail = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`
      errors.push(invalid(Path.of('metadata', 'name'), name, detail))
    }
    if (group === '' && version !== 'v1') {
      const detail = 'only v1 may have an empty group and it better be legacy kube'
      errors.push(required(SPEC.child('group'), detail))
    }
    if (group !== '') checkAll(isDNS1123Subdomain(group), group, SPEC.child('group'), errors)
    checkAll(isDNS1035Label(version), version, SPEC.child('version'), errors)
    if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) {
      const at = SPEC.child('groupPriorityMinimum')
      errors.push(invalid(at, groupPriorityMinimum, 'must be positive and less than 20000'))
    }
    if (versionPriority <= 0 || versionPriority > 1000) {
      const at = SPEC.child('versionPriority')
      errors.push(invalid(at, versionPriority, 'must be positive and less than 1000'))
    }
    validateServing(object.spec ?? {}, errors)
  },
})

function validateServing(spec: NonNullable<ApiService['spec']>, errors: FieldError[]): void {
  const { caBundle = '', insecureSkipTLSVerify = false, service } = spec
  const insecureAt = SPEC.child('insecureSkipTLSVerify')
  if (!service) {
    if (caBundle !== '') {
      const bytes = `${base64Bytes(caBundle)} bytes`
      const detail = 'local APIServices may not have a caBundle'
      errors.push(invalid(SPEC.child('caBundle'), bytes, detail))
    }
    if (insecureSkipTLSVerify) {
      const detail = 'local APIServices may not have insecureSkipTLSVerify'
      errors.push(invalid(insecureAt, true, detail))
    }
    return
  }
  const at = SPEC.child('service')
  if (!service.namespace) errors.push(required(at.child('namespace')))
  if (!service.name) errors.push(required(at.child('name')))
  const { port = 443 } = service
  if (port < 1 || port > 65_535) {
    const detail = 'port is not valid: must be between 1 and 65535, inclusive'
    errors.push(invalid(at.child('port'), port, detail))
  }
  if (!insecureSkipTLSVerify || caBundle === '') return
  errors.push(invalid(insecureAt, true, 'may not be true if caBundle is present'))
}

/** Rules of `certificatesigningrequests`; the request itself is not parsed. */
export const signingRequestStrategy: KindStrategy<CertificateSigningRequest> =
  strategyOf<CertificateSigningRequest>({
    namespaced: false,
    hasStatus: true,
    validate({ spec }, errors) {
      if (!spec?.usages?.length) errors.push(required(SPEC.child('usages')))
      spec?.usages?.forEach((usage, i) => {
        if (USAGES.includes(usage)) return
        errors.push(notSupported(SPEC.child('usages').index(i), usage, USAGES))
      })
      if (!spec?.signerName) errors.push(required(SPEC.child('signerName')))
    },
  })
