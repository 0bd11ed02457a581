import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../generated/admissionregistration-v1'
import type { CertificateSigningRequest } from '../../generated/certificates-v1'
import { type FieldError, invalid, notSupported, Path, required } from '../../machinery/field'
import { isQualifiedName } from '../../machinery/names'
import type { KubeObject } from '../../object'
import { checkAll, checkLabelSelector, type NameRule, nameIsDNSSubdomain } from '../checks'
import { each, missing, within } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'

const WEBHOOKS = Path.of('webhooks')
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
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

/** Rules of `validatingwebhookconfigurations`. */
export const validatingWebhookStrategy: KindStrategy<ValidatingWebhookConfiguration> =
  strategyOf<ValidatingWebhookConfiguration>({
    namespaced: false,
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    defaults: (object) => within(object, 'webhooks', (webhooks) => each(webhooks, webhookDefaults)),
    validate: (object, errors) => validateWebhooks(object.webhooks, errors),
  })

/** Rules of `mutatingwebhookconfigurations`. */
export const mutatingWebhookStrategy: KindStrategy<MutatingWebhookConfiguration> =
  strategyOf<MutatingWebhookConfiguration>({
    namespaced: false,
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    defaults: (object) =>
      within(object, 'webhooks', (webhooks) =>
        each(webhooks, (webhook) =>
          missing(webhookDefaults(webhook), { reinvocationPolicy: 'Never' }),
        ),
      ),
    validate: (object, errors) => validateWebhooks(object.webhooks, errors),
  })

function webhookDefaults<T extends ValidatingWebhook | MutatingWebhook>(webhook: T): T {
  let next = missing(webhook, {
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
  } as Partial<T>)
  const rules = next.rules && each(next.rules, (rule) => missing(rule, { scope: '*' }))
  if (rules !== next.rules) next = { ...next, rules }
  const service = next.clientConfig?.service
  if (service && service.port === undefined) {
    const clientConfig = { ...next.clientConfig, service: { ...service, port: 443 } }
    next = { ...next, clientConfig }
  }
  return next
}

function validateWebhooks(
  webhooks: readonly (ValidatingWebhook | MutatingWebhook)[] | undefined,
  errors: FieldError[],
): void {
  webhooks?.forEach((webhook, i) => {
    const at = WEBHOOKS.index(i)
    const name = webhook.name ?? ''
    if (name === '' || isQualifiedName(name).length > 0 || name.split('.').length < 3) {
      if (name === '') errors.push(required(at.child('name')))
      else {
        const messages = nameIsDNSSubdomain(name, false)
        checkAll(messages, name, at.child('name'), errors)
        if (messages.length === 0) {
          const detail = 'should be a domain with at least three segments separated by dots'
          errors.push(invalid(at.child('name'), name, detail))
        }
      }
    }
    if (!webhook.admissionReviewVersions?.length) {
      const detail = 'must specify one of v1, v1beta1'
      errors.push(required(at.child('admissionReviewVersions'), detail))
    }
    webhook.rules?.forEach((rule, j) => {
      validateRule(rule, at.child('rules').index(j), errors)
    })
    oneOf(webhook.failurePolicy, ['Fail', 'Ignore'], at.child('failurePolicy'), errors)
    oneOf(webhook.matchPolicy, ['Equivalent', 'Exact'], at.child('matchPolicy'), errors)
    const effects = ['None', 'NoneOnDryRun']
    if (webhook.sideEffects === undefined) {
      const detail = 'must specify one of None, NoneOnDryRun'
      errors.push(required(at.child('sideEffects'), detail))
    } else oneOf(webhook.sideEffects, effects, at.child('sideEffects'), errors)
    const seconds = webhook.timeoutSeconds
    if (seconds !== undefined && (seconds < 1 || seconds > 30)) {
      const detail = 'the timeout value must be between 1 and 30 seconds'
      errors.push(invalid(at.child('timeoutSeconds'), seconds, detail))
    }
    checkLabelSelector(webhook.namespaceSelector, at.child('namespaceSelector'), errors)
    checkLabelSelector(webhook.objectSelector, at.child('objectSelector'), errors)
    validateClient(webhook.clientConfig ?? {}, at.child('clientConfig'), errors)
  })
}

export function oneOf(
  value: string | undefined,
  allowed: readonly string[],
  path: Path,
  errors: FieldError[],
): void {
  if (value !== undefined && !allowed.includes(value)) {
    errors.push(notSupported(path, value, allowed))
  }
}

/** What requests an admission rule is for. */
export function validateRule(rule: RuleWithOperations, path: Path, errors: FieldError[]): void {
  const operations = rule.operations ?? []
  if (operations.length === 0) errors.push(required(path.child('operations')))
  if (operations.length > 1 && operations.includes('*')) {
    const detail = "if '*' is present, must not specify other operations"
    errors.push(invalid(path.child('operations'), operations, detail))
  }
  operations.forEach((operation, i) => {
    if (OPERATIONS.includes(operation)) return
    errors.push(notSupported(path.child('operations').index(i), operation, OPERATIONS))
  })
  for (const field of ['apiGroups', 'apiVersions', 'resources'] as const) {
    const values = rule[field] ?? []
    const at = path.child(field)
    if (values.length === 0) errors.push(required(at))
    if (values.length > 1 && values.includes('*')) {
      const what = { apiGroups: 'API groups', apiVersions: 'API versions', resources: 'resources' }
      const detail = `if '*' is present, must not specify other ${what[field]}`
      errors.push(invalid(at, values, detail))
    }
    values.forEach((value, i) => {
      if (value === '' && field !== 'apiGroups') errors.push(required(at.index(i)))
    })
  }
  oneOf(rule.scope, ['*', 'Cluster', 'Namespaced'], path.child('scope'), errors)
}

function validateClient(config: WebhookClientConfig, path: Path, errors: FieldError[]): void {
  const { service, url } = config
  if ((service === undefined) === (url === undefined)) {
    errors.push(required(path, 'exactly one of url or service is required'))
    return
  }
  if (!service) return
  const at = path.child('service')
  if (!service.name) errors.push(required(at.child('name')))
  if (!service.namespace) errors.push(required(at.child('namespace')))
  const port = service.port ?? 443
  if (port >= 1 && port <= 65_535) return
  const detail = 'port is not valid: must be between 1 and 65535, inclusive'
  errors.push(invalid(at.child('port'), port, detail))
}

/** An APIService, as far as its rules look at it. */
interface ApiService extends KubeObject {
  readonly spec?: {
    readonly group?: string
    readonly version?: string
    readonly groupPriorityMinimum?: number
    readonly versionPriority?: number
    readonly service?: { readonly port?: number }
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
    if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) {
      const at = SPEC.child('groupPriorityMinimum')
      errors.push(invalid(at, groupPriorityMinimum, 'must be positive and less than 20000'))
    }
    if (versionPriority <= 0 || versionPriority > 1000) {
      const at = SPEC.child('versionPriority')
      errors.push(invalid(at, versionPriority, 'must be positive and less than 1000'))
    }
  },
})

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
