import path from 'node:path'
import { expect, test } from '@playwright/test'
import { build } from 'esbuild'
import { replay } from '../src/testing/determinism/replay'

const entry = path.join(import.meta.dirname, '../src/testing/determinism/replay.ts')

test('the same seed gives the same trace in Node and in Chromium', async ({ page }) => {
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    globalName: 'kubarium',
    write: false,
  })
  await page.goto('/kubarium.svg')
  await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' })
  const inChromium = await page.evaluate(() => {
    const { kubarium } = globalThis as unknown as { kubarium: { replay(seed: number): string[] } }
    return kubarium.replay(5)
  })
  expect(inChromium).toEqual(replay(5))
})
