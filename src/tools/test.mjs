// Everything that must hold, in order of speed: types, lint, layers, dead code, unit to swarm, e2e.
// The last line is "N passed, N failed". Names of steps as arguments run only those.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { ensureBuilt } from './build.mjs'
import { ensureChromium, ensureDependencies, root } from './setup.mjs'

ensureDependencies()
const cache = path.join(root, '.cache')
fs.mkdirSync(cache, { recursive: true })
let passed = 0
let failed = 0

const bin = (file) => path.join(root, 'node_modules', file)
const node = (file, ...args) =>
  spawnSync(process.execPath, [bin(file), ...args], {
    cwd: root,
    stdio: ['ignore', 1, 2],
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
  }).status ?? 1

function check(name, status) {
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}`)
  if (status === 0) passed++
  else failed++
}

/** Adds a JSON report's counts; a runner that wrote none has failed as a whole. */
function count(name, file, status, read) {
  if (!fs.existsSync(file)) {
    check(name, 1)
    return
  }
  const counts = read(JSON.parse(fs.readFileSync(file, 'utf8')))
  passed += counts.passed
  failed += counts.failed
  if (status !== 0 && counts.failed === 0) failed++
  console.log(
    `${status === 0 ? 'ok  ' : 'FAIL'} ${name}: ${counts.passed} passed, ${counts.failed} failed`,
  )
}

const environments = ['engine', 'worker', 'ui', 'node']
const steps = {
  types() {
    for (const environment of environments) {
      const project = path.join(root, `src/tsconfig.${environment}.json`)
      check(`types of ${environment}`, node('typescript-native/bin/tsc', '-p', project))
    }
  },
  lint: () =>
    check(
      'lint',
      node('@biomejs/biome/bin/biome', 'ci', '--colors=off', '--error-on-warnings', '.'),
    ),
  layers: () => {
    const config = path.join(root, 'src/tools/layers.cjs')
    const cli = 'dependency-cruiser/bin/dependency-cruise.mjs'
    check('import table', node(cli, '--config', config, 'src'))
  },
  'dead-code': () => check('dead code', node('knip/bin/knip.js')),
  unit() {
    const report = path.join(cache, 'vitest.json')
    fs.rmSync(report, { force: true })
    const status = node(
      'vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    )
    count('unit, golden, scenario, swarm', report, status, (r) => ({
      passed: r.numPassedTests,
      failed:
        r.numFailedTests +
        r.testResults.filter((t) => t.status === 'failed' && t.assertionResults.length === 0)
          .length,
    }))
  },
  e2e() {
    const report = path.join(cache, 'e2e.json')
    fs.rmSync(report, { force: true })
    process.env.PLAYWRIGHT_JSON_OUTPUT_NAME = report
    const status = playwright('e2e/playwright.config.ts', '--reporter=list,json')
    count('e2e', report, status, (r) => ({
      passed: r.stats.expected + r.stats.flaky,
      failed: r.stats.unexpected,
    }))
  },
}

/** Not part of the tests: run only by name. */
const extras = {
  pictures: () => check('pictures', playwright('e2e/pictures.config.ts', '--reporter=list')),
}

function playwright(config, ...words) {
  const chromium = ensureChromium()
  if (chromium) process.env.KUBARIUM_CHROMIUM = chromium
  ensureBuilt()
  return node('@playwright/test/cli.js', 'test', '--config', path.join(root, config), ...words)
}

const wanted = process.argv.slice(2)
const chosen = wanted.length === 0 ? steps : { ...steps, ...extras }
const unknown = wanted.filter((name) => !Object.hasOwn(chosen, name))
if (unknown.length > 0) {
  console.error(`no step "${unknown.join(', ')}": there are ${Object.keys(chosen).join(', ')}`)
  process.exit(2)
}
for (const [name, step] of Object.entries(chosen)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const began = Date.now()
  try {
    step()
  } catch (error) {
    console.error(error)
    check(name, 1)
  }
  console.log(`     ${name} took ${Math.round((Date.now() - began) / 1000)} s`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
