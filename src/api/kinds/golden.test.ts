import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { KubeObject, ResourceRef } from '../object'
import { admitCreate } from './pipeline'

/*
 * Replays the recorded creates of a real control plane through the pipeline, masked and compared as
 * the scorer of the recordings does it.
 */

interface Recorded {
  readonly id: string
  readonly source?: string
  readonly mutation?: string
  readonly field?: string
  readonly path: string
  readonly request: unknown
  readonly status: number
  readonly response: { readonly [key: string]: unknown }
}

const root = path.resolve(import.meta.dirname, '../../../../shared/golden')
const floorFile = path.join(import.meta.dirname, 'testdata/golden-floor.json')
const CORE = new Set([
  'pods',
  'services',
  'deployments',
  'replicasets',
  'namespaces',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'endpoints',
])
const NAMESPACE = { kind: 'Namespace', resource: 'namespaces' }

function load(name: string): Recorded[] {
  const text = gunzipSync(readFileSync(path.join(root, `${name}.jsonl.gz`))).toString()
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)
}

const KINDS: { readonly [resource: string]: string } = Object.fromEntries(
  (
    'Pod Service Deployment ReplicaSet ConfigMap Secret ServiceAccount ClusterRole ClusterRoleBinding ' +
    'Role RoleBinding DaemonSet StatefulSet StorageClass ReplicationController PersistentVolumeClaim ' +
    'PodDisruptionBudget LimitRange PersistentVolume HorizontalPodAutoscaler Job CronJob ' +
    'ValidatingWebhookConfiguration MutatingWebhookConfiguration APIService ResourceQuota CSIDriver ' +
    'PodTemplate CertificateSigningRequest CustomResourceDefinition TokenReview SubjectAccessReview'
  )
    .split(' ')
    .map((kind) => [`${kind.toLowerCase()}s`, kind])
    .concat([
      ['endpoints', 'Endpoints'],
      ['ingresses', 'Ingress'],
      ['ingressclasses', 'IngressClass'],
      ['storageclasses', 'StorageClass'],
      ['networkpolicies', 'NetworkPolicy'],
      [NAMESPACE.resource, NAMESPACE.kind],
    ]),
)

function target(url: string): { resource: ResourceRef; namespace: string | undefined } {
  const parts = url.split('/').slice(1)
  const group = parts[0] === 'api' ? '' : parts[1]!
  const version = parts[0] === 'api' ? parts[1]! : parts[2]!
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  const namespaced = rest[0] === 'namespaces' && rest.length > 2
  const resource = rest.at(-1)!
  const kind = KINDS[resource] ?? ''
  return {
    resource: { group, version, resource, kind, namespaced },
    namespace: namespaced ? rest[1] : undefined,
  }
}

const namespaces = new Set(
  existsSync(root)
    ? (JSON.parse(readFileSync(path.join(root, 'namespaces.json'), 'utf8')) as string[])
    : [],
)

function answer(recorded: Recorded): { status: number; body: unknown } {
  const { resource, namespace } = target(recorded.path)
  let seed = 1
  let port = 32769
  const admitted = admitCreate(
    {
      body: JSON.stringify(recorded.request),
      fieldValidation: 'Strict',
      dryRun: true,
      now: '2026-01-01T00:00:00Z',
      uid: '00000000-0000-4000-8000-000000000000',
    },
    {
      resource,
      namespace,
      randomInt: (below) => {
        seed = (seed * 48271) % 2147483647
        return seed % below
      },
      lookups: {
        namespacePhase: () => 'Active',
        serviceAccount: (ns, name) => ({ metadata: { name, namespace: ns } }),
        priorityClass: (name) =>
          name?.startsWith('system-')
            ? {
                metadata: { name },
                value: name === 'system-node-critical' ? 2000001000 : 2000000000,
              }
            : undefined,
      },
      allocator: {
        clusterIP: (requested) => {
          if (requested === undefined) return { ok: true, value: '10.96.0.0' }
          if (requested.startsWith('10.96.')) return { ok: true, value: requested }
          const detail = `the provided IP (${requested}) is not in the valid range. The range of valid IPs is 10.96.0.0/16`
          return { ok: false, detail }
        },
        nodePort: (requested) => ({ ok: true, value: requested ?? port++ }),
      },
    },
  )
  if (!admitted.ok) return { status: admitted.status.code ?? 0, body: admitted.status }
  const { name } = admitted.object.metadata
  if (resource.resource === 'namespaces' && namespaces.has(name)) {
    return { status: 409, body: undefined }
  }
  return { status: 201, body: admitted.object satisfies KubeObject }
}

const volatile = new Set(
  'uid resourceVersion creationTimestamp deletionTimestamp managedFields selfLink lastTransitionTime lastUpdateTime lastProbeTime lastHeartbeatTime startTime firstTimestamp lastTimestamp eventTime time renewTime acquireTime continue token expirationTimestamp hostIP kind_ remainingItemCount hash'.split(
    ' ',
  ),
)
const randomTail = /-[bcdfghjklmnpqrstvwxz2456789]{5,10}(?=$|[-"' ,.:)])/g

function scrub(text: string): string {
  return text
    .replace(randomTail, '-*')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\b/g, '<time>')
    .replace(/\b10\.96\.(?!77\.)\d+\.\d+\b/g, '<clusterIP>')
}

const ALLOCATED = new Set(['clusterIP', 'clusterIPs', 'nodePort', 'healthCheckNodePort'])

function mask(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const list = value.map((item) => mask(item, key))
    if (key !== 'conditions' && key !== 'causes') return list
    return list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (value === null || typeof value !== 'object') {
    return typeof value === 'string' ? scrub(value) : value
  }
  const entries = Object.entries(value)
    .filter(([name, item]) => item !== undefined && !volatile.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    entries.map(([name, item]) => {
      if (ALLOCATED.has(name) && !JSON.stringify(item).includes('None'))
        return [name, '<allocated>']
      return [scrub(name), mask(item, name)]
    }),
  )
}

interface Score {
  passed: number
  total: number
}

const scores: Record<string, Score> = {}
const failures: string[] = []

function tally(measure: string, good: boolean): void {
  scores[measure] ??= { passed: 0, total: 0 }
  scores[measure].total++
  if (good) scores[measure].passed++
}

function difference(want: unknown, got: unknown, at = ''): string[] {
  if (isDeepStrictEqual(want, got)) return []
  const bothObjects = want && got && typeof want === 'object' && typeof got === 'object'
  if (bothObjects && Array.isArray(want) === Array.isArray(got)) {
    const a = want as Record<string, unknown>
    const b = got as Record<string, unknown>
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      difference(a[key], b[key], `${at}.${key}`),
    )
  }
  const short = (value: unknown) => JSON.stringify(value)?.slice(0, 300)
  return [`${at}: want ${short(want)} got ${short(got)}`]
}

function run(suite: 'create' | 'mutate'): void {
  for (const recorded of load(suite)) {
    const resource = recorded.path.split('/').at(-1)!
    const group = CORE.has(resource) ? suite : `${suite} others`
    let got: { status: number; body: unknown }
    try {
      got = answer(recorded)
    } catch (fault) {
      got = { status: 0, body: { message: String((fault as Error).stack) } }
    }
    const status = got.status === recorded.status
    tally(`${group} status`, status)
    const isConflict = recorded.status === 409 && status
    const same =
      isConflict || (status && isDeepStrictEqual(mask(recorded.response), mask(got.body)))
    tally(`${group} ${recorded.status < 300 ? 'object' : 'error'}`, same)
    if (same) continue
    const body = got.body as { message?: string } | undefined
    const why = status
      ? difference(mask(recorded.response), mask(got.body)).slice(0, 4)
      : [
          `want ${recorded.status} ${recorded.response.message ?? ''}`,
          `got ${got.status} ${body?.message ?? ''}`,
        ]
    const what = recorded.source ?? `${recorded.mutation} ${recorded.field}`
    failures.push(`${group} ${resource} ${recorded.id} ${what}\n    ${why.join('\n    ')}`)
  }
}

const present = existsSync(root)
if (!present) console.log('golden: skipped, ../shared/golden is absent')

describe.runIf(present)('recorded answers of a real server (A16)', () => {
  it('stays above the recorded floors', () => {
    run('create')
    run('mutate')
    const percent = (score: Score) => Math.floor((score.passed * 1000) / score.total) / 10
    for (const [measure, score] of Object.entries(scores)) {
      console.log(`golden: ${measure} ${score.passed}/${score.total} = ${percent(score)} %`)
    }
    if (process.env.GOLDEN_FAILURES) console.log(failures.join('\n'))
    const floors = JSON.parse(readFileSync(floorFile, 'utf8')) as Record<string, number>
    for (const [measure, floor] of Object.entries(floors)) {
      expect(percent(scores[measure]!), measure).toBeGreaterThanOrEqual(floor)
    }
  })
})
