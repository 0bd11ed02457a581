import { describe, expect, it } from 'vitest'
import { podInfo } from './node-info'
import { boundTo, cacheOf, nodeOf, podOf } from './testing/fixtures'

const small = podOf('p', { requests: { cpu: '1', memory: '1Gi' }, labels: { app: 'web' } })
const query = {
  key: 'web',
  matches: ({ metadata }: typeof small) =>
    metadata.labels?.app === 'web' && !metadata.deletionTimestamp,
}

describe('SchedulerCache', () => {
  it('counts an assumed pod at once, once it is confirmed too, and not when it is forgotten', () => {
    const cache = cacheOf({ nodes: [nodeOf('a')] })
    const node = cache.nodes.get('a')
    cache.assume(podInfo(small), 'a')
    expect(node?.requested).toMatchObject({ milliCpu: 1000, memoryBytes: 2 ** 30 })
    cache.setPod(boundTo(small, 'a'))
    expect(cache.isAssumed('p')).toBe(false)
    cache.forget('p')
    expect(node?.requested.milliCpu).toBe(1000)
    cache.removePod('p')
    cache.assume(podInfo(small), 'a')
    cache.forget('p')
    expect(node?.requested).toMatchObject({ milliCpu: 0, memoryBytes: 0 })
    expect(node?.pods.size).toBe(0)
  })

  it('moves an assumed pod that was bound elsewhere', () => {
    const cache = cacheOf({ nodes: [nodeOf('a'), nodeOf('b')] })
    cache.assume(podInfo(small), 'a')
    cache.setPod(boundTo(small, 'b'))
    expect(cache.nodes.get('a')?.requested.milliCpu).toBe(0)
    expect(cache.nodes.get('b')?.requested.milliCpu).toBe(1000)
  })

  it('frees what a pod took when it ends', () => {
    const cache = cacheOf({ nodes: [nodeOf('a')], pods: { a: [small] } })
    cache.setPod({ ...boundTo(small, 'a'), status: { phase: 'Succeeded' } })
    expect(cache.nodes.get('a')?.requested.milliCpu).toBe(0)
  })

  it('remembers the pods of a node that is gone, until they are gone or it is back', () => {
    const cache = cacheOf({ nodes: [nodeOf('a'), nodeOf('b')], pods: { a: [small] } })
    cache.removeNode('a')
    expect(cache.nodeList.map(({ name }) => name)).toEqual(['b'])
    cache.setNode(nodeOf('a'))
    expect(cache.nodes.get('a')?.requested.milliCpu).toBe(1000)
    cache.removeNode('a')
    cache.removePod('p')
    cache.setNode(nodeOf('a'))
    expect(cache.nodes.get('a')?.requested.milliCpu).toBe(0)
  })

  it('takes pods that are told before their node', () => {
    const cache = cacheOf({ nodes: [], pods: { a: [small] } })
    cache.setNode(nodeOf('a'))
    expect(cache.nodes.get('a')?.pods.size).toBe(1)
  })

  it('keeps tallies as pods come, change and go', () => {
    const first = boundTo(small, 'a')
    const cache = cacheOf({ nodes: [nodeOf('a'), nodeOf('b')] })
    const tally = cache.tally(query)
    const counts = () =>
      Object.fromEntries([...tally.counts].map(([node, count]) => [node.name, count]))
    cache.setPod(first)
    cache.assume(podInfo(podOf('q', { labels: { app: 'web' } })), 'b')
    expect(counts()).toEqual({ a: 1, b: 1 })
    cache.setPod({ ...first, metadata: { ...first.metadata, deletionTimestamp: '2026-01-01' } })
    expect(counts()).toEqual({ b: 1 })
    cache.removePod('q')
    expect(counts()).toEqual({})
    cache.setPod(first)
    cache.setPod({ ...first, metadata: { ...first.metadata, labels: { app: 'db' } } })
    expect(counts()).toEqual({})
  })

  it('counts the nodes that have an image', () => {
    const images = (name: string) => ({ images: [{ names: [name], sizeBytes: 1 }] })
    const cache = cacheOf({ nodes: [nodeOf('a', images('x')), nodeOf('b', images('x'))] })
    expect(cache.nodesWithImage('x')).toBe(2)
    cache.setNode(nodeOf('a', images('y')))
    cache.removeNode('b')
    expect([cache.nodesWithImage('x'), cache.nodesWithImage('y')]).toEqual([0, 1])
  })

  it('lists nodes one zone after the other in turn', () => {
    const inZone = (name: string, zone: string) =>
      nodeOf(name, { labels: { 'topology.kubernetes.io/zone': zone } })
    const nodes = [inZone('a1', 'a'), inZone('a2', 'a'), inZone('a3', 'a'), inZone('b1', 'b')]
    const cache = cacheOf({ nodes })
    expect(cache.nodeList.map(({ name }) => name)).toEqual(['a1', 'b1', 'a2', 'a3'])
    cache.setNode(inZone('a2', 'b'))
    expect(cache.nodeList.map(({ name }) => name)).toEqual(['a1', 'a2', 'a3', 'b1'])
  })
})
