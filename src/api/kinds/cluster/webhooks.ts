import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../generated/admissionregistration-v1'
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  Path,
  required,
} from '../../machinery/field'
import { isDNS1035Label, isDNS1123Subdomain } from '../../machinery/names'
import { checkAll, checkLabelSelector } from '../checks'
import { each, missing, within } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'

const WEBHOOKS = Path.of('webhooks')
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const REVIEW_VERSIONS = ['v1', 'v1beta1']

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
    validateName(webhook.name ?? '', at.child('name'), errors)
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
    if ('reinvocationPolicy' in webhook) {
      const policies = ['IfNeeded', 'Never']
      oneOf(webhook.reinvocationPolicy, policies, at.child('reinvocationPolicy'), errors)
    }
    validateClient(webhook.clientConfig ?? {}, at.child('clientConfig'), errors)
    const versions = webhook.admissionReviewVersions ?? []
    validateReviewVersions(versions, at.child('admissionReviewVersions'), errors)
    if (webhook.name && webhooks.findIndex(({ name }) => name === webhook.name) < i) {
      errors.push(duplicate(at.child('name'), webhook.name))
    }
  })
}

function validateName(name: string, path: Path, errors: FieldError[]): void {
  if (name === '') {
    errors.push(required(path))
    return
  }
  const messages = isDNS1123Subdomain(name)
  if (messages.length > 0) errors.push(invalid(path, name, messages.join(',')))
  else if (name.split('.').length < 3) {
    const detail = 'should be a domain with at least three segments separated by dots'
    errors.push(invalid(path, name, detail))
  }
}

function validateReviewVersions(
  versions: readonly string[],
  path: Path,
  errors: FieldError[],
): void {
  const known = REVIEW_VERSIONS.join(', ')
  if (versions.length === 0) {
    errors.push(required(path, `must specify one of ${known}`))
    return
  }
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) {
      errors.push(invalid(path.index(i), version, 'duplicate version'))
    } else checkAll(isDNS1035Label(version), version, path.index(i), errors)
  })
  if (versions.some((version) => REVIEW_VERSIONS.includes(version))) return
  errors.push(invalid(path, versions, `must include at least one of ${known}`))
}

/** A value, if there is one, out of a list. */
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
  for (const field of ['apiGroups', 'apiVersions'] as const) {
    const values = rule[field] ?? []
    const at = path.child(field)
    if (values.length === 0) errors.push(required(at))
    if (values.length > 1 && values.includes('*')) {
      const what = { apiGroups: 'API groups', apiVersions: 'API versions' }
      const detail = `if '*' is present, must not specify other ${what[field]}`
      errors.push(invalid(at, values, detail))
    }
    values.forEach((value, i) => {
      if (value === '' && field === 'apiVersions') errors.push(required(at.index(i)))
    })
  }
  validateResources(rule.resources ?? [], path.child('resources'), errors)
  oneOf(rule.scope, ['*', 'Cluster', 'Namespaced'], path.child('scope'), errors)
}

/** Resources of a rule: what a wildcard covers need not be said again. */
function validateResources(resources: readonly string[], path: Path, errors: FieldError[]): void {
  if (resources.length === 0) errors.push(required(path))
  const allBelow = new Set<string>()
  const belowAll = new Set<string>()
  let plain = false
  resources.forEach((resource, i) => {
    const at = path.index(i)
    if (resource === '') {
      errors.push(required(at))
      return
    }
    const slash = resource.indexOf('/')
    if (slash < 0) {
      plain = resource !== '*'
      return
    }
    const name = resource.slice(0, slash)
    const below = resource.slice(slash + 1)
    if (allBelow.has(name)) {
      const detail = `if '${name}/*' is present, must not specify ${resource}`
      errors.push(invalid(at, resource, detail))
    }
    if (belowAll.has(below)) {
      const detail = `if '*/${below}' is present, must not specify ${resource}`
      errors.push(invalid(at, resource, detail))
    }
    if (below === '*') allBelow.add(name)
    if (name === '*') belowAll.add(below)
  })
  if (resources.length > 1 && resources.includes('*/*')) {
    const detail = "if '*/*' is present, must not specify other resources"
    errors.push(invalid(path, resources, detail))
  }
  if (!plain || !resources.includes('*')) return
  const detail = "if '*' is present, must not specify other resources without subresources"
  errors.push(invalid(path, resources, detail))
}

function validateClient(config: WebhookClientConfig, path: Path, errors: FieldError[]): void {
  const { service, url } = config
  if ((service === undefined) === (url === undefined)) {
    errors.push(required(path, 'exactly one of url or service is required'))
    return
  }
  if (url !== undefined) validateUrl(url, path.child('url'), errors)
  if (!service) return
  const at = path.child('service')
  if (!service.name) errors.push(required(at.child('name')))
  if (!service.namespace) errors.push(required(at.child('namespace')))
  const port = service.port ?? 443
  if (port < 1 || port > 65_535) {
    const detail = 'port is not valid: must be between 1 and 65535, inclusive'
    errors.push(invalid(at.child('port'), port, detail))
  }
  validateServicePath(service.path ?? '', at.child('path'), errors)
}

function validateUrl(text: string, path: Path, errors: FieldError[]): void {
  const form = '; desired format: https://host[/path]'
  const parts =
    /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(\?[^#]*)?(#.*)?$/is
  const [, scheme = '', user, host = '', query = '', fragment = ''] = parts.exec(text) ?? []
  if (scheme !== 'https') {
    errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${form}`))
  }
  if (host === '') errors.push(invalid(path, '', `host must be specified${form}`))
  if (user !== undefined) {
    errors.push(invalid(path, user, 'user information is not permitted in the URL'))
  }
  if (fragment.length > 1) {
    errors.push(invalid(path, fragment.slice(1), 'fragments are not permitted in the URL'))
  }
  if (query.length > 1) {
    errors.push(invalid(path, query.slice(1), 'query parameters are not permitted in the URL'))
  }
}

function validateServicePath(text: string, path: Path, errors: FieldError[]): void {
  if (text === '/' || text === '') return
  if (text === '//') {
    errors.push(invalid(path, text, 'segment[0] may not be empty'))
    return
  }
  if (!text.startsWith('/')) errors.push(invalid(path, text, "must start with a '/'"))
  const steps = text.slice(1).replace(/\/$/, '').split('/')
  steps.forEach((step, i) => {
    if (step === '') errors.push(invalid(path, text, `segment[${i}] may not be empty`))
    else {
      for (const message of isDNS1123Subdomain(step)) {
        errors.push(invalid(path, text, `segment[${i}]: ${message}`))
      }
    }
  })
}
