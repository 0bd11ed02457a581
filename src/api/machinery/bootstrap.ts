import bootstrapData from '../data/bootstrap.json'
import type { KubeObject } from '../object'

/**
 * What the API server itself creates in an empty cluster, in order of creation: system namespaces,
 * priority classes, the service CIDR, APIServices, priority levels and flow schemas, RBAC defaults.
 * Without uid, times and versions, which are the cluster's own; the `kubernetes` Service and its
 * endpoints depend on addresses and are not here. Source: a v1.36 control plane (Apache-2.0).
 */
export const BOOTSTRAP_OBJECTS = bootstrapData as unknown as readonly KubeObject[]
