import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ConfChangeRun } from './confchange'
import { type Directive, parseDirectives } from './datadriven'
import { InteractionRun } from './interaction'
import { handleQuorum } from './quorum'

export type Section = 'quorum' | 'confchange' | 'interaction'

interface Mismatch {
  readonly line: number
  readonly command: string
  readonly expected: string
  readonly actual: string
}

export interface FileReport {
  /** Path below the replayed directory. */
  readonly file: string
  readonly section: Section
  readonly total: number
  readonly passed: number
  readonly mismatches: readonly Mismatch[]
}

/** Replays every `.txt` file below `directory`, sorted by path. */
export function replayDirectory(directory: string): FileReport[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => replayFile(directory, join(directory, file)))
}

function replayFile(directory: string, path: string): FileReport {
  const directives = parseDirectives(readFileSync(path, 'utf8'))
  const section = sectionOf(directives)
  const handle = handlerOf(section)
  const mismatches: Mismatch[] = []
  for (const d of directives) {
    const actual = withNewline(attempt(handle, d))
    if (actual === d.expected) continue
    mismatches.push({ line: d.line, command: d.name, expected: d.expected, actual })
  }
  return {
    file: relative(directory, path),
    section,
    total: directives.length,
    passed: directives.length - mismatches.length,
    mismatches,
  }
}

/** The commands tell the kind of file, wherever it lies. */
function sectionOf(directives: readonly Directive[]): Section {
  const name = directives[0]?.name
  if (name === 'committed' || name === 'vote') return 'quorum'
  const changes = ['simple', 'enter-joint', 'leave-joint']
  return name !== undefined && changes.includes(name) ? 'confchange' : 'interaction'
}

function handlerOf(section: Section): (d: Directive) => string {
  if (section === 'quorum') return handleQuorum
  const run = section === 'confchange' ? new ConfChangeRun() : new InteractionRun()
  return (d) => run.handle(d)
}

/** A crash of the core is output like any other, so that the report shows where it happened. */
function attempt(handle: (d: Directive) => string, d: Directive): string {
  try {
    return handle(d)
  } catch (error) {
    return `panic: ${error instanceof Error ? error.message : String(error)}`
  }
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
