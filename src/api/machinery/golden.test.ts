import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Status } from '../generated/meta-v1'
import type { KubeObject } from '../object'
import { decodeBody } from './decode'
import { discoveryAnswer, findResource } from './discovery'
import { requestInfo } from './request-info'
import { tableOf } from './table'
import { parseTime } from './time'

const SHARED = new URL('../../../../shared/', import.meta.url)

/** Recorded facts of a real server; printed and skipped where they are not at hand. */
function recorded(name: string): string | undefined {
  const file = new URL(name, SHARED)
  if (existsSync(file)) return gunzipSync(readFileSync(file)).toString()
  console.log(`skipped: ${file.pathname} is absent`)
  return undefined
}

interface Case {
  readonly id: string
  readonly path: string
  readonly request: unknown
  readonly status: number
  readonly response: Status
}

function cases(name: string): Case[] {
  const lines = recorded(`golden/${name}.jsonl.gz`)?.trim().split('\n') ?? []
  return lines.map((line) => JSON.parse(line) as Case)
}

function decodeCase(given: Case) {
  const info = requestInfo('POST', given.path)
  const resource = findResource(info.group, info.version, info.resource)!
  return decodeBody({
    body: given.request,
    group: info.group,
    version: info.version,
    kind: resource.kind,
    fieldValidation: 'Strict',
  })
}

describe('decoding against recorded answers', () => {
  for (const suite of ['create', 'mutate']) {
    it(`refuses what the real server refuses (${suite})`, () => {
      let total = 0
      const wrong: string[] = []
      for (const given of cases(suite)) {
        const decoded = decodeCase(given)
        // Not the decoder's refusals: the registry's and the token review's own.
        if (/does not match the namespace|is required for/.test(given.response.message ?? ''))
          continue
        total += 1
        const want = given.status === 400 ? given.response.message : undefined
        const got = decoded.ok ? undefined : decoded.status.message
        if (want !== got) wrong.push(`${given.id}\n  want ${want}\n  got  ${got}`)
      }
      console.log(`decode ${suite}: ${total - wrong.length}/${total}`)
      expect(wrong).toEqual([])
    })
  }

  it('knows every field of every kind', () => {
    const unknown: string[] = []
    for (const line of recorded('k8s-1.36/every-field.jsonl.gz')?.trim().split('\n') ?? []) {
      const body = JSON.parse(line) as { apiVersion: string; kind: string }
      if (body.apiVersion === undefined) continue
      const slash = body.apiVersion.indexOf('/')
      const group = slash < 0 ? '' : body.apiVersion.slice(0, slash)
      const version = body.apiVersion.slice(slash + 1)
      const decoded = decodeBody({
        body,
        group,
        version,
        kind: body.kind,
        fieldValidation: 'Strict',
      })
      if (!decoded.ok) unknown.push(decoded.status.message ?? '')
    }
    expect(unknown.filter((message) => !/no kind/.test(message))).toEqual([])
  })
})

describe('discovery against recorded answers', () => {
  const text = recorded('k8s-1.36/discovery.json.gz')
  const documents: [string, object][] = text === undefined ? [] : Object.entries(JSON.parse(text))
  it.each(documents)('%s', (name, want) => {
    const path = name.replace('aggregated:', '')
    const accept = name.startsWith('aggregated:')
      ? 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
      : 'application/json'
    const answer = discoveryAnswer({ path, accept, serverAddress: '192.0.2.2:26443' })
    expect(answer?.body).toEqual(want)
  })
})

interface Step {
  readonly request?: { readonly path: string }
  readonly response?: { readonly body: unknown }
  readonly during?: readonly Step[]
}

interface RecordedTable {
  readonly kind: 'Table'
  readonly columnDefinitions: readonly {
    name: string
    type: string
    format: string
    priority: number
  }[]
  readonly rows: readonly { cells: unknown[]; object: KubeObject }[] | null
}

describe('tables against recorded answers', () => {
  const text = recorded('golden/sequences.json.gz')
  const sequences =
    text === undefined ? [] : (JSON.parse(text) as { name: string; steps: Step[] }[])
  const now = parseTime('2026-11-20T09:17:20Z')!
  const masked = (cell: unknown): unknown =>
    typeof cell === 'string' ? cell.replace(/(\d+[smhdy])+/g, '<age>') : cell

  it('prints the same columns and cells', () => {
    const wrong: string[] = []
    let rowsCompared = 0
    for (const { name, steps } of sequences) {
      const latest = new Map<string, KubeObject>()
      for (const step of steps.flatMap((one) => [one, ...(one.during ?? [])])) {
        const body = step.response?.body as (KubeObject & { items?: KubeObject[] }) | undefined
        for (const object of [body, ...(body?.items ?? [])]) {
          const uid = object?.metadata?.uid
          const isPartial = body?.kind?.startsWith('PartialObject') ?? false
          if (uid !== undefined && !isPartial) latest.set(uid, object!)
        }
        if (body?.kind !== 'Table') continue
        const want = body as unknown as RecordedTable
        const info = requestInfo('GET', step.request!.path.split('?')[0]!)
        const { kind } = findResource(info.group, info.version, info.resource)!
        // Not among the kinds that this server prints columns for.
        if (kind === 'HorizontalPodAutoscaler') continue
        const rows = want.rows?.filter((row) => {
          const object = latest.get(row.object.metadata.uid!)
          return object?.metadata.resourceVersion === row.object.metadata.resourceVersion
        })
        const objects = rows?.map((row) => latest.get(row.object.metadata.uid!)!) ?? []
        const got = tableOf({ group: info.group, kind, objects, metadata: {}, now })
        const columns = (list: RecordedTable['columnDefinitions'] | null) =>
          JSON.stringify(list?.map((c) => [c.name, c.type, c.format, c.priority]))
        if (columns(want.columnDefinitions) !== columns(got.columnDefinitions)) {
          wrong.push(`${name} ${kind}: ${columns(got.columnDefinitions)}`)
        }
        for (const [i, row] of (rows ?? []).entries()) {
          rowsCompared += 1
          const [a, b] = [row.cells, got.rows![i]!.cells].map((cells) =>
            JSON.stringify(cells.map(masked)),
          )
          if (a !== b) wrong.push(`${name}: want ${a} got ${b}`)
        }
      }
    }
    console.log(`tables: ${rowsCompared} rows compared`)
    expect(wrong).toEqual([])
  })
})
