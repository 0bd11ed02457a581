import { existsSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

/** Bundles a module of the repository for plain Node; gives the file's path. */
export async function bundled(entry: string, name: string): Promise<string> {
  const root = repositoryRoot()
  const outfile = path.join(root, '.cache', name)
  await build({
    entryPoints: [path.join(root, entry)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['esbuild'],
    logLevel: 'error',
  })
  return outfile
}

function repositoryRoot(): string {
  let directory = import.meta.dirname
  while (!existsSync(path.join(directory, 'package.json'))) directory = path.dirname(directory)
  return directory
}
