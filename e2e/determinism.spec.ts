import path from 'node:path'
import vm from 'node:vm'
import { expect, test } from '@playwright/test'
import { build } from 'esbuild'

const entry = path.join(import.meta.dirname, '../src/testing/determinism/replay.ts')
const seed = 5

test('the same seed gives the same trace in Node and in Chromium', async ({ page }) => {
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    globalName: 'kubarium',
    write: false,
  })
  const script = bundle.outputFiles[0]?.text ?? ''
  const inNode = vm.runInNewContext(`${script}\nkubarium.replay(${seed})`) as string[]
  await page.goto('/kubarium.svg')
  const inChromium = await page.evaluate(`${script}\nkubarium.replay(${seed})`)
  expect(inChromium).toEqual([...inNode])
  expect(new Set(inNode).size).toBeGreaterThan(5)
})
