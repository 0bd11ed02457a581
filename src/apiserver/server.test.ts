import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../api/object'
import { CONFIGMAPS, DEPLOYMENTS, NAMESPACES, NODES, PODS, SERVICES } from '../api/resources'
import type { WatchEvent } from '../client/request'
import { seconds } from '../sim/time'
import { apiFixture, createServiceAccount } from '../testing/api-fixture'

const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'nginx:1.27' }] },
})

for (const masters of [1, 3])
  describe(`kube-apiserver x${masters}`, () => {
    it('serves', () => {
      const api = apiFixture({ masters })
      const { client } = api
      createServiceAccount(api)
      const events: string[] = []
      const run = api.runTask
      client.watch(
        PODS,
        {},
        {
          onOpen: () => events.push('open'),
          onEvent: (e: WatchEvent<KubeObject>) =>
            events.push(`${e.type} ${e.object.metadata.name} ${e.object.metadata.resourceVersion}`),
          onClose: (r) => events.push(JSON.stringify(r)),
        },
      )
      const log = (x: unknown) => console.log(JSON.stringify(x))
      log(run(client.create(PODS, pod('a'))))
      log(run(client.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } })))
      log(
        run(
          client.createSubresource(
            PODS,
            { namespace: 'default', name: 'a', subresource: 'binding' },
            {
              apiVersion: 'v1',
              kind: 'Binding',
              metadata: { name: 'a' },
              target: { kind: 'Node', name: 'n' },
            },
          ),
        ),
      )
      log(
        run(
          client.createSubresource(
            PODS,
            { namespace: 'default', name: 'a', subresource: 'binding' },
            {
              apiVersion: 'v1',
              kind: 'Binding',
              metadata: { name: 'a' },
              target: { kind: 'Node', name: 'n' },
            },
          ),
        ),
      )
      log(
        run(
          client.patch(
            PODS,
            { namespace: 'default', name: 'a', subresource: 'status' },
            'strategic-merge',
            { status: { phase: 'Running' } },
          ),
        ),
      )
      log(
        run(
          client.patch(PODS, { namespace: 'default', name: 'a' }, 'merge', {
            metadata: { labels: { a: 'b' } },
          }),
        ),
      )
      log(run(client.delete(PODS, { namespace: 'default', name: 'a' })))
      log(run(client.delete(PODS, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 })))
      log(run(client.get(PODS, { namespace: 'default', name: 'a' })))
      log(
        run(
          client.create(SERVICES, {
            apiVersion: 'v1',
            kind: 'Service',
            metadata: { name: 's', namespace: 'default' },
            spec: { type: 'NodePort', selector: { a: 'b' }, ports: [{ port: 80 }] },
          }),
        ),
      )
      log(run(client.send({ method: 'GET', path: '/apis/networking.k8s.io/v1/ipaddresses' })))
      log(run(client.send({ method: 'GET', path: '/apis/discovery.k8s.io/v1/endpointslices' })))
      log(run(client.delete(SERVICES, { namespace: 'default', name: 's' })))
      log(run(client.send({ method: 'GET', path: '/apis/networking.k8s.io/v1/ipaddresses' })))
      log(
        run(
          client.create(DEPLOYMENTS, {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: { name: 'd', namespace: 'default' },
            spec: {
              replicas: 2,
              selector: { matchLabels: { app: 'd' } },
              template: {
                metadata: { labels: { app: 'd' } },
                spec: { containers: [{ name: 'web', image: 'nginx' }] },
              },
            },
          }),
        ),
      )
      log(
        run(
          client.patch(
            DEPLOYMENTS,
            { namespace: 'default', name: 'd', subresource: 'scale' },
            'merge',
            { spec: { replicas: 5 } },
          ),
        ),
      )
      log(
        run(
          client.delete(
            DEPLOYMENTS,
            { namespace: 'default', name: 'd' },
            { propagationPolicy: 'Foreground' },
          ),
        ),
      )
      log(run(client.create(NAMESPACES, { metadata: { name: 'x' } })))
      log(run(client.delete(NAMESPACES, { name: 'x' })))
      log(run(client.create(CONFIGMAPS, { metadata: { name: 'x', namespace: 'x' } })))
      log(run(client.create(CONFIGMAPS, { metadata: { name: 'x', namespace: 'y' } })))
      for (const path of [
        '/readyz',
        '/livez',
        '/version',
        '/api/v1/nodes/n/zzz',
        '/foo',
        '/apis/apps/v1/foos',
      ])
        log(
          run(
            client.send({ method: 'GET', path, query: path === '/readyz' ? { verbose: '' } : {} }),
          ),
        )
      api.advance(seconds(70))
      log(events)
      for (const m of api.masters) log(m.process('kube-apiserver')?.program.inspect?.())
      expect(1).toBe(1)
    })
  })
