import {
  type Document,
  isAlias,
  isCollection,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml'
import { looksTooDeep } from './depth'

/** Bounds for pasted text. Whatever is larger is refused whole, with a sentence. */
export interface ManifestLimits {
  readonly textLengthMax: number
  readonly documentsMax: number
  /** Values after all aliases are expanded, over the whole text. */
  readonly valuesMax: number
  readonly depthMax: number
}

export const defaultLimits: ManifestLimits = {
  textLengthMax: 2 * 1024 * 1024,
  documentsMax: 500,
  valuesMax: 200_000,
  depthMax: 100,
}

/** Lines and columns count from 1, as editors do; the end is exclusive. */
export interface TextRange {
  readonly startLine: number
  readonly startColumn: number
  readonly endLine: number
  readonly endColumn: number
}

export interface ManifestFault {
  readonly message: string
  readonly range?: TextRange
}

export interface ManifestDocument {
  /** Its number in the text, for `locate`. */
  readonly index: number
  readonly value: { readonly [field: string]: unknown }
  readonly range: TextRange
}

export interface ParsedManifest {
  readonly documents: readonly ManifestDocument[]
  readonly faults: readonly ManifestFault[]
}

/** A parsed text whose places can be asked for. */
export interface Manifest extends ParsedManifest {
  /** The place of a field path, or of its longest part that is there. */
  locate(document: number, path: readonly (string | number)[]): TextRange | undefined
}

const refused = (message: string): Manifest => ({
  documents: [],
  faults: [{ message }],
  locate: () => undefined,
})

/** Reads YAML as kubectl does (YAML 1.1 words, several documents), within limits. Never throws. */
export function parseManifest(text: string, limits: ManifestLimits = defaultLimits): Manifest {
  if (text.length > limits.textLengthMax) {
    return refused(
      `The manifest is ${megabytes(text.length)}; this page sends at most ${megabytes(limits.textLengthMax)} at once. Split it.`,
    )
  }
  const separators = text.match(/^---(\s|$)/gm)?.length ?? 0
  if (separators > limits.documentsMax) return refused(tooMany(separators + 1, limits))
  if (looksTooDeep(text, limits.depthMax)) {
    return refused(`The manifest is nested too deeply: at most ${limits.depthMax} levels.`)
  }
  return readDocuments(text, limits)
}

function megabytes(length: number): string {
  return `${(length / 1024 / 1024).toFixed(1)} MB`
}

function tooMany(count: number, limits: ManifestLimits): string {
  return `The manifest has ${count} documents; this page applies at most ${limits.documentsMax} at once. Split it.`
}

const DROPPED_TAGS = ['timestamp', 'binary', 'omap', 'pairs', 'set']

function readDocuments(text: string, limits: ManifestLimits): Manifest {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, {
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'silent',
    customTags: (tags) =>
      tags.filter((tag) => {
        if (typeof tag === 'string') return !DROPPED_TAGS.includes(tag)
        const name = tag.tag.slice(tag.tag.lastIndexOf(':') + 1)
        return !DROPPED_TAGS.includes(name) && (tag as { format?: string }).format !== 'TIME'
      }),
  })
  const docs = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : []
  const documents: ManifestDocument[] = []
  const faults: ManifestFault[] = []
  let room = limits.valuesMax
  docs.forEach((doc, index) => {
    for (const error of doc.errors) {
      faults.push({ message: error.message, range: rangeAt(lines, error.pos[0], error.pos[1]) })
    }
    if (doc.errors.length > 0 || doc.contents === null) return
    const size = expandedSize(doc, room, limits.depthMax)
    const range = rangeOf(lines, doc.contents)
    if (typeof size !== 'number') {
      const at = size.key ? rangeOf(lines, size.key) : range
      faults.push({ message: size.message, range: at })
      return
    }
    room -= size
    const value: unknown = doc.toJS({ maxAliasCount: -1 })
    if (value === null) return
    if (typeof value !== 'object' || Array.isArray(value)) {
      faults.push({ message: 'A document must be an object with apiVersion and kind.', range })
      return
    }
    documents.push({ index, value: value as ManifestDocument['value'], range })
  })
  if (documents.length > limits.documentsMax) return refused(tooMany(documents.length, limits))
  return { documents, faults, locate: (document, path) => locate(docs[document], path, lines) }
}

const ALIASES_MAX = 1000

/**
 * How many values a document has when every alias is written out, or why it is refused. Anchors
 * are counted once, so that a billion laughs cost nothing to reject.
 */
function expandedSize(doc: Document.Parsed, room: number, depthMax: number): number | Refusal {
  const anchors = new Map<string, Measured>()
  let aliases = 0
  let refusal: Refusal | undefined
  const measure = (node: unknown): Measured => {
    if (isAlias(node)) {
      aliases += 1
      const target = anchors.get(node.source)
      if (!target) refusal ??= { message: `unknown anchor '${node.source}' referenced`, key: node }
      return target ?? { size: 1, depth: 1 }
    }
    if (isPair(node)) {
      const key = measure(node.key)
      const value = measure(node.value)
      return { size: key.size + value.size, depth: Math.max(key.depth, value.depth) }
    }
    let size = 1
    let depth = 1
    if (isCollection(node)) {
      const twice = repeatedKey(node.items)
      if (twice) refusal ??= { message: `key "${twice}" already set in map`, key: twice }
      for (const item of node.items) {
        const part = measure(item)
        size += part.size
        depth = Math.max(depth, part.depth + 1)
      }
    }
    const result = { size, depth }
    if (isNode(node) && !isAlias(node) && node.anchor) anchors.set(node.anchor, result)
    return result
  }
  const { size, depth } = measure(doc.contents)
  if (refusal) return refusal
  if (aliases > ALIASES_MAX)
    return { message: `The document has more than ${ALIASES_MAX} aliases.` }
  if (depth > depthMax) {
    return { message: `The document is nested too deeply: at most ${depthMax} levels.` }
  }
  const large = 'The document becomes too large when its aliases are written out. It was not read.'
  return size > room ? { message: large } : size
}

interface Measured {
  readonly size: number
  readonly depth: number
}

interface Refusal {
  readonly message: string
  readonly key?: Node
}

function repeatedKey(items: readonly unknown[]): Node | undefined {
  const seen = new Set<string>()
  for (const item of items) {
    if (!isPair(item) || !isScalar(item.key) || item.key.value === '<<') continue
    const key = String(item.key.value)
    if (seen.has(key)) return item.key
    seen.add(key)
  }
  return undefined
}

function rangeAt(lines: LineCounter, start: number, end: number): TextRange {
  const from = lines.linePos(start)
  const to = lines.linePos(Math.max(start + 1, end))
  return {
    startLine: Math.max(1, from.line),
    startColumn: Math.max(1, from.col),
    endLine: Math.max(1, to.line),
    endColumn: Math.max(1, to.col),
  }
}

function rangeOf(lines: LineCounter, node: Node | null): TextRange {
  const [start = 0, end = 1] = node?.range ?? []
  const range = rangeAt(lines, start, end)
  if (range.endLine === range.startLine) return range
  const nextLine = lines.lineStarts[range.startLine]
  return nextLine === undefined ? range : rangeAt(lines, start, nextLine - 1)
}

function locate(
  doc: Document.Parsed | undefined,
  path: readonly (string | number)[],
  lines: LineCounter,
): TextRange | undefined {
  if (!doc?.contents) return undefined
  const found = descend(doc, doc.contents, path) ?? doc.contents
  return rangeOf(lines, found)
}

/** The node that a path leads to: for a field its key, so that the mark stands on its name. */
function descend(
  doc: Document.Parsed,
  from: unknown,
  path: readonly (string | number)[],
): Node | undefined {
  let node: unknown = isAlias(from) ? from.resolve(doc) : from
  let place: Node | undefined
  for (const [index, step] of path.entries()) {
    if (!isCollection(node)) return place
    const items: readonly unknown[] = node.items
    const pair = items.find((item) => isPair(item) && String(item.key) === String(step))
    if (isPair(pair)) {
      place = pair.key as Node
      node = isAlias(pair.value) ? pair.value.resolve(doc) : pair.value
    } else if (typeof step === 'number' && items[step] && !isPair(items[step])) {
      node = isAlias(items[step]) ? items[step].resolve(doc) : items[step]
      place = node as Node
    } else if (typeof step === 'string' && items.some((item) => !isPair(item))) {
      return firstIn(doc, items, path.slice(index)) ?? place
    } else return place
  }
  return place
}

/** Some messages name a field in a list without its index: the first item that has it. */
function firstIn(
  doc: Document.Parsed,
  items: readonly unknown[],
  path: readonly (string | number)[],
): Node | undefined {
  for (const item of items) {
    const found = descend(doc, item, path)
    if (found) return found
  }
  return undefined
}
