import fs from 'node:fs'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'

const src = path.resolve(import.meta.dirname, '../../..')

/** A defect put into the source: `replace` must be found exactly once in `file`. */
export interface Edit {
  /** Below `src`. */
  readonly file: string
  readonly replace: string
  readonly by: string
}

/** The edited text. Throws when the place is not there, or not the only one: the source has moved. */
export function edited({ file, replace, by }: Edit): string {
  const text = fs.readFileSync(path.join(src, file), 'utf8')
  const places = text.split(replace).length - 1
  if (places !== 1) {
    throw new Error(
      `${file} has ${places} places with "${replace}": adapt the mutant to the source`,
    )
  }
  return text.replace(replace, () => by)
}

/**
 * One CommonJS text of a module below `src` and all it imports, with the edit made. `vitest` stays
 * a `require`, so that a test file can be run by other means.
 */
export async function bundleMutant(entry: string, edit: Edit | undefined): Promise<string> {
  const result = await build({
    entryPoints: [path.join(src, entry)],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['vitest'],
    logLevel: 'silent',
    plugins: edit ? [editing(edit)] : [],
  })
  return result.outputFiles[0]?.text ?? ''
}

function editing(edit: Edit): Plugin {
  const place = path.join(src, edit.file)
  const contents = edited(edit)
  return {
    name: 'mutant',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path: file }) =>
        file === place ? { contents, loader: 'ts' } : undefined,
      )
    },
  }
}
