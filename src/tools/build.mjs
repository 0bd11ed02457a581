// Builds the page into dist/ unless the built one is newer than everything it is made of.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { root } from './setup.mjs'

const sources = ['src', 'public', 'index.html', 'vite.config.ts', 'package-lock.json']

function newest(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...fs.readdirSync(file).map((name) => newest(path.join(file, name))))
}

export function ensureBuilt() {
  const built = fs.statSync(path.join(root, 'dist/index.html'), { throwIfNoEntry: false })
  const changed = Math.max(...sources.map((name) => newest(path.join(root, name))))
  if (built && built.mtimeMs > changed) return
  console.error('Building the playground …')
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  const run = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (run.status !== 0) throw new Error('vite build failed: see above')
}
