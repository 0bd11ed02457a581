import { expect, type Locator, type Page } from '@playwright/test'
import { selectors } from '../src/ui/testids'

/** The page as a journey sees it: what it shows, and the hands a person has. */
export class Playground {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  async open(query = ''): Promise<void> {
    await this.page.goto(`/${query}`)
    await this.expectNodesReady(6)
  }

  machine(name: string): Locator {
    return this.page.locator(selectors.machine(name))
  }

  pods(where = ''): Locator {
    return this.page.locator(selectors.pods(`[data-namespace="default"]${where}`))
  }

  readyPods(prefix = ''): Locator {
    return this.pods(`[data-ready="true"][data-name^="${prefix}"]:not([data-node=""])`)
  }

  service(name: string): Locator {
    return this.page.locator(selectors.service(name))
  }

  get clock(): Locator {
    return this.page.locator(selectors.clock)
  }

  async expectNodesReady(count: number): Promise<void> {
    const machines = this.page.locator('[data-testid="machine"][data-ready="True"]')
    await expect(machines).toHaveCount(count)
  }

  expectReady(prefix: string, count: number): Promise<void> {
    return expect(this.readyPods(prefix)).toHaveCount(count)
  }

  /** Virtual microseconds. */
  async time(): Promise<number> {
    return Number(await this.clock.getAttribute('data-time'))
  }

  /** Opens a thing's menu with the keyboard and chooses an entry. */
  async act(thing: Locator, entry: string | RegExp): Promise<void> {
    await thing.focus()
    await thing.press('Enter')
    await this.page.getByRole('menuitem', { name: entry }).click()
  }

  /** Puts this text into the editor in place of what is there. */
  async write(manifest: string): Promise<void> {
    const editor = this.page.locator('[data-testid="editor"][data-state="ready"]')
    await expect(editor).toBeVisible()
    await editor.locator('.view-lines').click()
    await this.page.keyboard.press('ControlOrMeta+A')
    await this.page.keyboard.press('Delete')
    await this.page.evaluate((text) => {
      const data = new DataTransfer()
      data.setData('text/plain', text)
      const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true })
      document.activeElement?.dispatchEvent(event)
    }, manifest)
  }

  speed(label: string): Promise<void> {
    return this.page.getByRole('button', { name: label, exact: true }).click()
  }

  async apply(manifest: string): Promise<void> {
    await this.write(manifest)
    await this.page.getByTestId('apply').click()
  }
}

export const web = (replicas: number, image: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: nginx
          image: ${image}
          ports:
            - containerPort: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
`
