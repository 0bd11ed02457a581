import type { Job } from '../../api/generated/batch-v1'
import type { Container, PodSpec } from '../../api/generated/core-v1'
import { JOBS } from '../../api/resources'
import { controllerRef } from '../owners'
import { indexAnnotation } from './indexes'
import { trackingFinalizer } from './plan'

const indexVariable = 'JOB_COMPLETION_INDEX'

/** The next pod of a Job; with an index it knows its own in name, host name and environment. */
export function jobPod(job: Job, index: number | undefined): object {
  const { labels, annotations, finalizers = [] } = job.spec.template.metadata ?? {}
  const { name, namespace } = job.metadata
  const spec = job.spec.template.spec as PodSpec
  const own = index === undefined ? undefined : { [indexAnnotation]: String(index) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: index === undefined ? `${name}-` : `${name}-${index}-`,
      namespace,
      labels: { ...labels, ...own },
      ...((annotations || own) && { annotations: { ...annotations, ...own } }),
      finalizers: [...finalizers, trackingFinalizer],
      ownerReferences: [controllerRef(JOBS, job)],
    },
    spec: index === undefined ? spec : indexedSpec(spec, `${name}-${index}`),
  }
}

function indexedSpec(spec: PodSpec, hostname: string): PodSpec {
  const { initContainers } = spec
  return {
    ...spec,
    containers: spec.containers.map(withIndex),
    ...(initContainers && { initContainers: initContainers.map(withIndex) }),
    hostname: spec.hostname ?? hostname,
  }
}

function withIndex(container: Container): Container {
  const { env = [] } = container
  if (env.some(({ name }) => name === indexVariable)) return container
  const fieldPath = `metadata.labels['${indexAnnotation}']`
  return {
    ...container,
    env: [...env, { name: indexVariable, valueFrom: { fieldRef: { fieldPath } } }],
  }
}
