import { expect, test } from '@playwright/test'
import { Playground, web } from './page'

test.describe('a cluster in a tab', () => {
  test('1 a fresh page is ready and interactive', async ({ page }) => {
    const playground = new Playground(page)
    await playground.open()
    await expect(page.locator('[data-testid="machine"][data-etcd-role="leader"]')).toHaveCount(1)
    await expect(page.getByTestId('api')).toHaveAttribute('data-state', 'answering')
    await expect(page.getByTestId('apply')).toBeEnabled()
  })

  test('2 a pasted Deployment runs, answers, scales, rolls and rolls back', async ({ page }) => {
    const playground = new Playground(page)
    await playground.open()
    await playground.apply(web(3, 'nginx:1.27'))
    await playground.speed('10×')
    await expect(playground.readyPods('web-')).toHaveCount(3)
    await expect(playground.service('web')).toHaveAttribute('data-endpoints', '3')

    await playground.act(playground.service('web'), 'Inspect')
    const answered = new Set<string | null>()
    await expect(async () => {
      await page.getByTestId('send-request').click()
      const answer = page.getByTestId('answer').first()
      await expect(answer).toHaveAttribute('data-status', '200')
      answered.add(await answer.getAttribute('data-pod'))
      expect(answered.size).toBe(3)
    }).toPass()

    await playground.apply(web(5, 'nginx:1.27'))
    await expect(playground.readyPods('web-')).toHaveCount(5)
    const before = await playground.readyPods('web-').first().getAttribute('data-name')
    const oldHash = before?.split('-')[1]

    await playground.apply(web(5, 'nginx:1.28'))
    await expect(playground.readyPods(`web-${oldHash}`)).toHaveCount(0)
    await expect(playground.readyPods('web-')).toHaveCount(5)

    await playground.act(playground.readyPods('web-').first(), /Roll web back/)
    await expect(playground.readyPods(`web-${oldHash}`)).toHaveCount(5)
  })

  test('3 a worker that dies is replaced, and comes back clean', async ({ page }) => {
    const playground = new Playground(page)
    await playground.open()
    await playground.apply(web(3, 'nginx:1.27'))
    await playground.speed('60×')
    await expect(playground.readyPods('web-')).toHaveCount(3)
    await playground.act(playground.machine('worker-2'), 'Power off')
    await expect(playground.machine('worker-2')).toHaveAttribute('data-ready', 'Unknown')
    const elsewhere = playground.pods('[data-ready="true"]:not([data-node="worker-2"])')
    await expect(elsewhere).toHaveCount(3)
    await expect(playground.service('web')).toHaveAttribute('data-endpoints', '3')
    await playground.act(playground.machine('worker-2'), 'Power on')
    await expect(playground.machine('worker-2')).toHaveAttribute('data-ready', 'True')
    await expect(playground.pods('[data-node="worker-2"]')).toHaveCount(0)
  })

  test('4 the leading master dies and the others go on', async ({ page }) => {
    const playground = new Playground(page)
    await playground.open()
    await playground.speed('10×')
    const leader = page.locator('[data-testid="machine"][data-etcd-role="leader"]')
    const name = (await leader.getAttribute('data-name')) ?? ''
    await playground.act(playground.machine(name), 'Power off')
    await expect(playground.machine(name)).toHaveAttribute('data-power', 'off')
    const successor = page.locator(
      `[data-testid="machine"][data-etcd-role="leader"]:not([data-name="${name}"])`,
    )
    await expect(successor).toHaveCount(1)
    await playground.apply(web(2, 'nginx:1.27'))
    await expect(playground.readyPods('web-')).toHaveCount(2)
    await playground.act(playground.machine(name), 'Power on')
    await expect(playground.machine(name)).toHaveAttribute('data-etcd-role', 'follower')
  })

  test('5 two of three masters die: nothing is written, pods serve, one heals it', async ({
    page,
  }) => {
    const playground = new Playground(page)
    const api = page.getByTestId('api')
    await playground.open()
    await playground.apply(web(3, 'nginx:1.27'))
    await playground.speed('10×')
    await playground.expectReady('web-', 3)
    for (const master of ['master-1', 'master-2']) {
      await playground.act(playground.machine(master), 'Power off')
    }
    await expect(api).toHaveAttribute('data-state', 'silent')
    await expect(api).toContainText('The API server does not answer')
    await expect(api).toContainText('no quorum (1 of 2 needed)')
    await expect(page.getByTestId('graph')).toHaveAttribute('data-stale', 'true')
    await expect(playground.pods()).toHaveCount(3)

    await playground.act(playground.service('web'), 'Inspect')
    await page.getByTestId('send-request').click()
    await expect(page.getByTestId('answer').first()).toHaveAttribute('data-status', '200')
    await playground.apply(web(4, 'nginx:1.27'))
    const refused = page.getByTestId('messages').locator('[data-tone="bad"]').first()
    await expect(refused).toContainText('did not answer')

    await playground.act(playground.machine('master-2'), 'Power on')
    await expect(api).toHaveAttribute('data-state', 'answering')
    await expect(page.getByTestId('graph')).toHaveAttribute('data-stale', 'false')
    await playground.expectReady('web-', 3)
    await page.getByTestId('apply').click()
    await playground.expectReady('web-', 4)
  })
})
