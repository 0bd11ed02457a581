import AxeBuilder from '@axe-core/playwright'
import { expect, test } from '@playwright/test'
import { Playground, web } from './page'

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on the page in ${colorScheme}`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme })
    const page = await context.newPage()
    const playground = new Playground(page)
    await playground.open()
    await playground.apply(web(2, 'nginx:1.27'))
    await playground.speed('10×')
    await playground.expectReady('web-', 2)
    await playground.act(playground.readyPods('web-').first(), 'Inspect')
    await expect(page.getByTestId('inspector')).toBeVisible()
    const { violations } = await new AxeBuilder({ page }).exclude('.monaco-editor').analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
    await context.close()
  })
}
