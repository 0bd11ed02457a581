import { formatTime } from '../../api/machinery/time'
import type { KubeObject } from '../../api/object'
import type { ApiResponse } from '../../client/request'
import { type Attributes, authorize } from '../authorization'
import { type Backend, created, type ResourceRequest, refused } from './backend'
import { readBody } from './body'

interface AccessSpec {
  readonly user?: string
  readonly groups?: readonly string[]
  readonly resourceAttributes?: { readonly [name: string]: string }
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string }
}

/** Kinds that are questions: they are answered, never stored. Undefined: not one of them. */
export function answerReview(backend: Backend, request: ResourceRequest): ApiResponse | undefined {
  const { resource, user } = request
  const answers: { readonly [name: string]: (object: KubeObject) => object } = {
    'selfsubjectreviews.authentication.k8s.io': (object) => ({
      ...object,
      metadata: { ...object.metadata, creationTimestamp: formatTime(backend.env.clock.wall()) },
      status: { userInfo: { username: user.user, groups: user.groups } },
    }),
    'tokenreviews.authentication.k8s.io': (object) => ({
      ...object,
      status: { user: {}, error: 'invalid bearer token' },
    }),
    'selfsubjectaccessreviews.authorization.k8s.io': (object) => reviewed(object, user),
    'localsubjectaccessreviews.authorization.k8s.io': (object) => reviewed(object),
    'subjectaccessreviews.authorization.k8s.io': (object) => reviewed(object),
    'selfsubjectrulesreviews.authorization.k8s.io': (object) => ({
      ...object,
      status: {
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        incomplete: false,
      },
    }),
  }
  const answer = answers[`${resource.resource}.${resource.group}`]
  if (!answer) return undefined
  const body = readBody(request, resource)
  return body.ok ? created(answer(body.value.object)) : refused(body.status)
}

function reviewed(object: KubeObject, self?: ResourceRequest['user']): object {
  const spec = (object as { readonly spec?: AccessSpec }).spec ?? {}
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec
  const attributes: Attributes = {
    verb: resource?.verb ?? path?.verb ?? '',
    group: resource?.group ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    namespace: resource?.namespace ?? '',
    name: resource?.name ?? '',
    path: path?.path ?? '',
    isResource: resource !== undefined,
  }
  const groups = [...(spec.groups ?? []), 'system:authenticated']
  const decision = authorize(self ?? { user: spec.user ?? '', groups }, attributes)
  return { ...object, status: { allowed: decision.allowed, reason: decision.reason } }
}
