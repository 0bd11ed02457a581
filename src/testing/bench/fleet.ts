/** An image both clusters run: nothing but a process that stays. */
export const fleetImage = { name: 'nginx', tag: '1.27' }

/** One Deployment of that many pods. */
export function fleet(pods: number): readonly object[] {
  const labels = { app: 'fleet' }
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'fleet', namespace: 'default' },
      spec: {
        replicas: pods,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [{ name: 'server', image: `${fleetImage.name}:${fleetImage.tag}` }],
          },
        },
      },
    },
  ]
}
