import type { Session } from '../app/session'
import { applyObject, deleteObject, type Outcome } from './apply/apply'
import { Discovery } from './apply/discovery'
import { loadSchema } from './apply/patch-schema'
import type { ManifestClient, Place } from './manifest/manifest-client'
import type { ManifestDocument, TextRange } from './manifest/parse-manifest'

/** One line of what came of Apply or Delete. */
export interface Message {
  readonly tone: 'good' | 'plain' | 'bad'
  readonly text: string
  readonly range?: TextRange
}

interface Located {
  readonly text: string
  readonly place: Place
}

/**
 * Reads the text and applies or deletes its objects in order (deletes in reverse), as kubectl does.
 * A text with any fault in it changes nothing. What was refused stands first.
 */
export async function submitManifest(
  session: Session,
  client: ManifestClient,
  work: { readonly text: string; readonly action: 'apply' | 'delete' },
): Promise<readonly Message[]> {
  const parsed = await client.parse(work.text)
  if (parsed.faults.length > 0) {
    const faults = parsed.faults.map(
      ({ message, range }): Message => ({ tone: 'bad', text: message, range }),
    )
    return [...faults, { tone: 'plain', text: 'Nothing was sent.' }]
  }
  if (parsed.documents.length === 0) {
    return [{ tone: 'plain', text: 'There is no object in the manifest.' }]
  }
  const { transport } = session.engine
  const context = { transport, discovery: new Discovery(transport), schema: await loadSchema() }
  const run = work.action === 'apply' ? applyObject : deleteObject
  const objects = parsed.documents.flatMap(objectsOf)
  const ordered = work.action === 'apply' ? objects : objects.reverse()
  const messages: Message[] = []
  const problems: Located[] = []
  for (const { document, at, value } of ordered) {
    const outcome = await run(context, value)
    if (outcome.ok) messages.push(messageOf(outcome))
    else if (outcome.unanswered) messages.push({ tone: 'bad', text: problemText(outcome, 0) })
    else problems.push(...problemsOf(outcome, document, at))
  }
  const ranges = await client.locate(problems.map((problem) => problem.place))
  const located = problems.map(
    ({ text }, index): Message => ({ tone: 'bad', text, range: ranges[index] }),
  )
  return [...located, ...messages]
}

interface ObjectAt {
  readonly document: number
  /** Path of the object inside its document: empty, or the item of a List. */
  readonly at: readonly (string | number)[]
  readonly value: { readonly [field: string]: unknown }
}

function objectsOf({ index, value }: ManifestDocument): readonly ObjectAt[] {
  if (value.kind !== 'List' || !Array.isArray(value.items)) {
    return [{ document: index, at: [], value }]
  }
  return value.items.flatMap((item: unknown, number): ObjectAt[] =>
    typeof item === 'object' && item !== null
      ? [{ document: index, at: ['items', number], value: item as ObjectAt['value'] }]
      : [],
  )
}

function messageOf(outcome: Outcome & { readonly ok: true }): Message {
  const changed = outcome.verb !== 'unchanged' && outcome.verb !== 'not found'
  return { tone: changed ? 'good' : 'plain', text: `${outcome.name} ${outcome.verb}` }
}

function problemsOf(
  outcome: Outcome & { readonly ok: false },
  document: number,
  at: readonly (string | number)[],
): readonly Located[] {
  return outcome.problems.map(({ path }, index) => ({
    text: problemText(outcome, index),
    place: { document, path: [...at, ...path] },
  }))
}

function problemText({ name, problems }: Outcome & { readonly ok: false }, index: number): string {
  const { message } = problems[index]!
  return name === '' ? message : `${name}: ${message}`
}
