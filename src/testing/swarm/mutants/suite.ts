import { createRequire } from 'node:module'
import { expect } from 'vitest'

type Body = (...args: unknown[]) => unknown

interface Case {
  readonly name: string
  readonly run: () => unknown
}

/**
 * Runs the tests of a bundled test file in order, up to the first that fails: its message, or
 * `undefined` when all pass. Knows `describe`, `it`, `it.each` and `expect`.
 */
export async function firstFailure(bundle: string): Promise<string | undefined> {
  for (const { name, run } of casesOf(bundle)) {
    try {
      await run()
    } catch (error) {
      return `${name}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return undefined
}

function casesOf(bundle: string): readonly Case[] {
  const cases: Case[] = []
  const it = (name: string, ...rest: unknown[]) => {
    cases.push({ name, run: rest.at(-1) as () => unknown })
  }
  it.each = (rows: readonly unknown[]) => (name: string, body: Body) => {
    for (const row of rows) {
      const args = Array.isArray(row) ? row : [row]
      cases.push({ name: `${name} ${String(args[0])}`, run: () => body(...args) })
    }
  }
  const stand = { it, test: it, expect, describe: (_: string, body: () => void) => body() }
  const nodeRequire = createRequire(import.meta.url)
  const require = (id: string): unknown => (id === 'vitest' ? stand : nodeRequire(id))
  const load = new Function('require', 'module', 'exports', bundle)
  load(require, { exports: {} }, {})
  return cases
}
