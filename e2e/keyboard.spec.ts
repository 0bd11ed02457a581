import { expect, type Locator, type Page, test } from '@playwright/test'
import { Playground } from './page'

const TABS_MAX = 60
const ARROWS_MAX = 40

/** A person without a mouse: Tab, arrows, Enter, and what the page says its keys are. */
class Keyboard {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  press(...keys: readonly string[]): Promise<void> {
    return keys.reduce((done, key) => done.then(() => this.page.keyboard.press(key)), ready)
  }

  /** Tab until this, or something in it, has the focus; it must be seen to have it. */
  async tabTo(target: Locator): Promise<void> {
    for (let tabs = 0; tabs < TABS_MAX && !(await holdsFocus(target)); tabs += 1) {
      await this.press('Tab')
    }
    expect(await holdsFocus(target)).toBe(true)
    await this.expectVisibleFocus()
  }

  /** From the stage's thing in focus to this one with the arrow keys. */
  async arrowTo(target: Locator): Promise<void> {
    await this.tabTo(this.page.locator('[data-subject]'))
    for (let steps = 0; steps < ARROWS_MAX && !(await holdsFocus(target)); steps += 1) {
      const from = await this.page.locator(':focus').boundingBox()
      const to = await target.boundingBox()
      if (!from || !to) throw new Error('nothing in focus, or nothing to go to')
      const down = Math.abs(to.y - from.y) > 8
      if (down) await this.press(to.y > from.y ? 'ArrowDown' : 'ArrowUp')
      else await this.press(to.x > from.x ? 'ArrowRight' : 'ArrowLeft')
    }
    expect(await holdsFocus(target)).toBe(true)
    await this.expectVisibleFocus()
  }

  async choose(entry: RegExp): Promise<void> {
    await this.press('Enter')
    const item = this.page.getByRole('menuitem', { name: entry })
    await expect(item).toBeVisible()
    for (let steps = 0; steps < ARROWS_MAX && !(await holdsFocus(item)); steps += 1) {
      await this.press('ArrowDown')
    }
    await this.press('Enter')
    await expect(this.page.getByRole('menu')).toHaveCount(0)
  }

  private async expectVisibleFocus(): Promise<void> {
    const outline = await this.page.evaluate(() => {
      const element = document.activeElement
      if (!element || element.closest('.monaco-editor')) return 'caret'
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      return outlineStyle === 'none' ? '' : outlineWidth
    })
    expect(outline).not.toMatch(/^(0px)?$/)
  }
}

const ready = Promise.resolve()

function holdsFocus(target: Locator): Promise<boolean> {
  return target.evaluateAll((elements) =>
    elements.some((element) => element.contains(document.activeElement)),
  )
}

test('by keyboard alone: apply, scale, roll, roll back, lose a worker and get it back', async ({
  page,
}) => {
  const playground = new Playground(page)
  const keyboard = new Keyboard(page)
  const editor = page.locator('[data-testid="editor"]')
  const outcome = page.getByTestId('messages')
  await playground.open()
  await expect(editor).toHaveAttribute('data-state', 'ready')

  await keyboard.press('n')
  await expect(page.getByTestId('set-up')).toBeVisible()
  await keyboard.press('Escape')
  await expect(page.getByTestId('set-up')).toHaveCount(0)

  await keyboard.tabTo(page.getByTestId('examples'))
  await keyboard.choose(/Three web servers/)
  await keyboard.press('Control+Enter')
  await expect(outcome).toContainText('deployment.apps/web created')
  await keyboard.tabTo(page.getByRole('button', { name: '10×' }))
  await keyboard.press('Enter')
  await playground.expectReady('web-', 3)

  await test.step('scale and roll in the editor', async () => {
    await keyboard.tabTo(editor)
    const down = (lines: number) => Array<string>(lines).fill('ArrowDown')
    await keyboard.press('Control+Home', ...down(5), 'End', 'Backspace', '4', 'Escape')
    await keyboard.press('Control+Enter')
    await playground.expectReady('web-', 4)
    await keyboard.press(...down(10), 'End', 'Backspace', '8', 'Escape', 'Control+Enter')
    await expect(outcome).toContainText('deployment.apps/web configured')
  })

  const pods = playground.readyPods('web-')
  const old = (await pods.first().getAttribute('data-name'))?.split('-')[1]
  await expect(playground.readyPods(`web-${old}`)).toHaveCount(0)
  await expect(pods).toHaveCount(4)
  await keyboard.arrowTo(pods.first())
  await keyboard.choose(/Roll web back/)
  await expect(playground.readyPods(`web-${old}`)).toHaveCount(4)

  await test.step('ask the Service', async () => {
    await keyboard.arrowTo(playground.service('web'))
    await keyboard.choose(/^Inspect/)
    await keyboard.tabTo(page.getByTestId('send-request'))
    await keyboard.press('Enter')
    await expect(page.getByTestId('answer').first()).toHaveAttribute('data-status', '200')
    await keyboard.press('Escape')
    await expect(page.getByTestId('inspector')).toHaveCount(0)
  })

  await test.step('lose a worker', async () => {
    const worker = playground.machine('worker-2')
    await keyboard.arrowTo(worker)
    await keyboard.choose(/^Power off/)
    await keyboard.press('3')
    await expect(worker).toHaveAttribute('data-ready', 'Unknown')
    await expect(playground.pods('[data-ready="true"]:not([data-node="worker-2"])')).toHaveCount(4)
    await keyboard.choose(/^Power on/)
    await expect(worker).toHaveAttribute('data-ready', 'True')
    await expect(playground.pods('[data-node="worker-2"]')).toHaveCount(0)
  })

  await test.step('zoom, and see all again', async () => {
    await keyboard.press('+')
    const fit = page.getByRole('button', { name: 'Fit' })
    await expect(fit).toBeVisible()
    await keyboard.press('0')
    await expect(fit).toHaveCount(0)
  })
})
