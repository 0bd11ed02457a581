import { expect, test } from '@playwright/test'
import { Playground, web } from './page'

const script = /engine\.worker/
const fault = 'invariant broken: commit index went back'

test.describe('an engine that fails', () => {
  test('by an error in it says so, keeps the text and starts again', async ({ page }) => {
    await page.route(script, async (route) => {
      const response = await route.fetch()
      const breaks = `addEventListener('message', ({ data }) => {
        if (data.type === 'command') throw new Error(${JSON.stringify(fault)})
      })`
      await route.fulfill({ response, body: `${await response.text()}\n;${breaks}` })
    })
    const playground = new Playground(page)
    await playground.open()
    await playground.write(web(2, 'nginx:1.27'))
    await playground.speed('10×')
    const notice = page.getByTestId('engine-failure')
    await expect(notice).toContainText(fault)
    await page.unroute(script)
    await notice.getByRole('button', { name: 'Start again' }).click()
    await playground.expectNodesReady(6)
    await expect(notice).toHaveCount(0)
    await page.locator('[data-testid="editor"][data-state="ready"]').waitFor()
    await page.getByTestId('apply').click()
    await playground.expectReady('web-', 2)
  })

  test('to load says so and starts again when it can', async ({ page }) => {
    await page.route(script, (route) => route.abort())
    const playground = new Playground(page)
    await page.goto('/')
    const notice = page.getByTestId('engine-failure')
    await expect(notice).toContainText('could not be loaded')
    await page.unroute(script)
    await notice.getByRole('button', { name: 'Start again' }).click()
    await playground.expectNodesReady(6)
  })
})
