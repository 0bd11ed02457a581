// npm run pictures: makes README's pictures from the built playground.
import path from 'node:path'
import { type Page, test } from '@playwright/test'
import { Playground, web } from './page'

const folder = path.join(import.meta.dirname, 'pictures')
const viewport = { width: 1280, height: 720 }

async function nineReady(page: Page): Promise<Playground> {
  const playground = new Playground(page)
  await playground.open()
  await playground.apply(web(9, 'nginx:1.27'))
  await playground.expectReady('web-', 9)
  await page.getByRole('button', { name: 'Until settled' }).click()
  await page.locator('[data-testid="clock"][data-settled="true"]').waitFor()
  return playground
}

async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0)
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' })
  await page.close()
}

test('the stage, in light', async ({ browser }) => {
  const page = await browser.newPage({ viewport, colorScheme: 'light' })
  await nineReady(page)
  await picture(page, 'stage-light')
})

test('a leader lost, in dark', async ({ browser }) => {
  const page = await browser.newPage({ viewport, colorScheme: 'dark' })
  const playground = await nineReady(page)
  const leader = page.locator('[data-testid="machine"][data-etcd-role="leader"]')
  const name = await leader.getAttribute('data-name')
  await playground.act(leader, 'Power off')
  await playground.speed('10×')
  await page
    .locator(`[data-testid="machine"][data-etcd-role="leader"]:not([data-name="${name}"])`)
    .waitFor()
  await picture(page, 'failover-dark')
})
