import type { KubeObject } from '../object'
import type { FieldTerm } from './selectors'

const SUPPORTED: { readonly [kind: string]: readonly string[] } = {
  '/Pod': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  '/Node': ['spec.unschedulable'],
  '/Namespace': ['status.phase'],
  '/Secret': ['type'],
  '/Service': ['spec.clusterIP', 'spec.type'],
  '/ReplicationController': ['status.replicas'],
  '/Event': [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  'events.k8s.io/Event': [
    'reason',
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'regarding.resourceVersion',
    'regarding.fieldPath',
    'reportingController',
    'type',
  ],
  'apps/ReplicaSet': ['status.replicas'],
  'batch/Job': ['status.successful'],
  'certificates.k8s.io/CertificateSigningRequest': ['spec.signerName'],
}

/** What the real server answers (400) to a field that a kind cannot be selected by. */
export function unsupportedField(
  group: string,
  kind: string,
  terms: readonly FieldTerm[],
): string | undefined {
  const own = SUPPORTED[`${group}/${kind}`]
  for (const { field } of terms) {
    if (field === 'metadata.name' || field === 'metadata.namespace') continue
    if (own?.includes(field)) continue
    return own === undefined
      ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`
  }
  return undefined
}

/** True when every term holds for the object. Absent fields are the empty string. */
export function matchesFields(terms: readonly FieldTerm[], object: KubeObject): boolean {
  for (const { field, operator, value } of terms) {
    if ((fieldText(object, field) === value) !== (operator === '=')) return false
  }
  return true
}

function fieldText(object: KubeObject, field: string): string {
  switch (field) {
    case 'metadata.name':
      return object.metadata.name
    case 'metadata.namespace':
      return object.metadata.namespace ?? ''
    case 'spec.hostNetwork':
    case 'spec.unschedulable':
      return String(valueAt(object, field) === true)
    case 'status.replicas':
      return String(valueAt(object, field) ?? 0)
    case 'status.successful':
      return String(valueAt(object, 'status.succeeded') ?? 0)
    case 'source':
      return (
        text(valueAt(object, 'source.component')) || text(valueAt(object, 'reportingComponent'))
      )
    default:
      return text(valueAt(object, field))
  }
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

function valueAt(object: object, field: string): unknown {
  let value: unknown = object
  for (const name of field.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as { readonly [name: string]: unknown })[name]
  }
  return value
}
