import { expect, test } from '@playwright/test'
import { Playground, web } from './page'

const laughs = Array.from({ length: 10 }, (_, i) =>
  i === 0
    ? 'a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]'
    : `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
).join('\n')

const cases: readonly { name: string; text: string; says: RegExp }[] = [
  { name: 'broken YAML', text: 'kind: Pod\n  metadata: [', says: /./ },
  {
    name: 'an unknown field',
    text: web(1, 'nginx:1.27').replace('replicas: 1', 'replicsa: 1'),
    says: /unknown field "spec\.replicsa"|replicsa/,
  },
  {
    name: 'a wrong type',
    text: web(1, 'nginx:1.27').replace('replicas: 1', 'replicas: many'),
    says: /replicas|cannot unmarshal|integer/,
  },
  { name: 'a billion laughs', text: laughs, says: /alias|expand|large|limit/i },
  {
    name: 'ten thousand documents',
    text: Array.from({ length: 10_000 }, (_, i) => `kind: X${i}`).join('\n---\n'),
    says: /documents|objects/i,
  },
  {
    name: 'keys that mean something to JavaScript',
    text: 'apiVersion: v1\nkind: ConfigMap\n__proto__: {polluted: true}\nmetadata: {name: x}',
    says: /__proto__|unknown field/,
  },
]

test.describe('bad input', () => {
  test('9 gets a clear message, and nothing changes', async ({ page }) => {
    const playground = new Playground(page)
    await playground.open()
    for (const { name, text, says } of cases) {
      await test.step(name, async () => {
        await playground.apply(text)
        const messages = page.getByTestId('messages')
        const bad = messages.locator('[data-tone="bad"]').first()
        await expect(bad).toBeVisible()
        await expect(messages).toContainText(says)
        await expect(page.getByTestId('apply')).toBeEnabled()
      })
    }
    expect(await page.evaluate(() => 'polluted' in {})).toBe(false)
    await expect(playground.pods()).toHaveCount(0)
  })

  test('9 a paste of five megabytes leaves the page responsive', async ({ page }) => {
    const playground = new Playground(page)
    await playground.open()
    const line = `  key: ${'x'.repeat(90)}\n`
    await playground.apply(`kind: ConfigMap\ndata:\n${line.repeat(55_000)}`)
    await expect(page.getByTestId('messages').locator('[data-tone="bad"]').first()).toBeVisible()
    const before = await playground.time()
    await expect.poll(() => playground.time()).toBeGreaterThan(before)
  })
})
