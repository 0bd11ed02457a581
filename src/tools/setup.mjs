// What every command needs first: the dependencies of package-lock.json and, for tests, a Chromium.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')
const stamp = path.join(root, 'node_modules/.kubarium-setup')

const lockDigest = () =>
  createHash('sha256')
    .update(fs.readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex')

/**
 * Installs the locked dependencies unless they are there already. Not `npm ci`: it refuses a lock
 * without the optional packages of platforms that the registry at hand did not offer.
 */
export function ensureDependencies() {
  const digest = lockDigest()
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === digest) return
  console.error('Installing dependencies (once) …')
  execFileSync('npm', ['install', '--no-save', '--no-fund', '--no-audit'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  fs.writeFileSync(stamp, digest)
}

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const macChrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file))
}

/** A Chromium's path: KUBARIUM_CHROMIUM, the system's, Debian's package when root, Playwright's. */
export function ensureChromium() {
  const named = process.env.KUBARIUM_CHROMIUM
  if (named) {
    if (!fs.existsSync(named))
      throw new Error(`KUBARIUM_CHROMIUM names ${named}, which is not there`)
    return named
  }
  const found = chromiumNames.map(onPath).find(Boolean)
  if (found) return found
  if (fs.existsSync(macChrome)) return macChrome
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    console.error('Installing Chromium from the distribution …')
    const apt = (...words) =>
      spawnSync('apt-get', words, {
        stdio: ['ignore', 2, 2],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }).status === 0
    apt('update')
    if (apt('install', '-y', '--no-install-recommends', 'chromium') && onPath('chromium')) {
      return onPath('chromium')
    }
  }
  console.error("Installing Playwright's own Chromium …")
  const cli = path.join(root, 'node_modules/@playwright/test/cli.js')
  execFileSync(process.execPath, [cli, 'install', 'chromium'], { stdio: ['ignore', 2, 2] })
  return undefined
}

/** Runs a TypeScript entry of ours with these arguments; resolves with its exit code. */
export function runTypeScript(entry, args) {
  const tsx = path.join(root, 'node_modules/tsx/dist/cli.mjs')
  const run = spawnSync(process.execPath, [tsx, path.join(root, entry), ...args], {
    stdio: 'inherit',
  })
  return run.status ?? 1
}
