import type { DefinitionSchema } from './schema'

const PACKAGE = 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1'
const STRING = { type: 'string' }
const INT32 = { type: 'integer', format: 'int32' }

function ref(definition: string): { readonly $ref: string } {
  return { $ref: `#/definitions/${definition}` }
}

function kind(name: string): DefinitionSchema['x-kubernetes-group-version-kind'] {
  return [{ group: 'apiregistration.k8s.io', kind: name, version: 'v1' }]
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** The API aggregator's own types, which are not part of k8s.io/api. */
export const APIREGISTRATION_DEFINITIONS: { readonly [name: string]: DefinitionSchema } = {
  [`${PACKAGE}.APIService`]: {
    type: 'object',
    properties: {
      apiVersion: STRING,
      kind: STRING,
      metadata: ref(`${META}.ObjectMeta`),
      spec: ref(`${PACKAGE}.APIServiceSpec`),
      status: ref(`${PACKAGE}.APIServiceStatus`),
    },
    'x-kubernetes-group-version-kind': kind('APIService'),
  },
  [`${PACKAGE}.APIServiceList`]: {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: STRING,
      kind: STRING,
      metadata: ref(`${META}.ListMeta`),
      items: { type: 'array', items: ref(`${PACKAGE}.APIService`) },
    },
    'x-kubernetes-group-version-kind': kind('APIServiceList'),
  },
  [`${PACKAGE}.APIServiceSpec`]: {
    type: 'object',
    required: ['groupPriorityMinimum', 'versionPriority'],
    properties: {
      caBundle: { type: 'string', format: 'byte', 'x-kubernetes-list-type': 'atomic' },
      group: STRING,
      groupPriorityMinimum: INT32,
      insecureSkipTLSVerify: { type: 'boolean' },
      service: ref(`${PACKAGE}.ServiceReference`),
      version: STRING,
      versionPriority: INT32,
    },
  },
  [`${PACKAGE}.APIServiceStatus`]: {
    type: 'object',
    properties: {
      conditions: {
        type: 'array',
        items: ref(`${PACKAGE}.APIServiceCondition`),
        'x-kubernetes-list-map-keys': ['type'],
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-patch-merge-key': 'type',
        'x-kubernetes-patch-strategy': 'merge',
      },
    },
  },
  [`${PACKAGE}.APIServiceCondition`]: {
    type: 'object',
    required: ['type', 'status'],
    properties: {
      lastTransitionTime: ref(`${META}.Time`),
      message: STRING,
      reason: STRING,
      status: STRING,
      type: STRING,
    },
  },
  [`${PACKAGE}.ServiceReference`]: {
    type: 'object',
    properties: { name: STRING, namespace: STRING, port: INT32 },
  },
}
