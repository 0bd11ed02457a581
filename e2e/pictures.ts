// npm run pictures: makes README's pictures from the built playground.
import path from 'node:path'
import { type Page, test } from '@playwright/test'
import { Playground } from './page'

const folder = path.join(import.meta.dirname, 'pictures')

async function settle(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Until settled' }).click()
  await page.locator('[data-testid="clock"][data-settled="true"]').waitFor()
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`pictures in ${colorScheme}`, async ({ browser }) => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, colorScheme })
    const playground = new Playground(page)
    await playground.open()
    await page.locator('[data-testid="editor"][data-state="ready"]').waitFor()
    await page.getByTestId('apply').click()
    await playground.expectReady('web-', 3)
    await settle(page)
    await page.screenshot({ path: path.join(folder, `stage-${colorScheme}.png`) })
    const leader = page.locator('[data-testid="machine"][data-etcd-role="leader"]')
    const name = await leader.getAttribute('data-name')
    await playground.act(leader, 'Power off')
    await playground.speed('10×')
    await page
      .locator(`[data-testid="machine"][data-etcd-role="leader"]:not([data-name="${name}"])`)
      .waitFor()
    await page.keyboard.press('Escape')
    await page.screenshot({ path: path.join(folder, `failover-${colorScheme}.png`) })
    await page.close()
  })
}
