import { describe, expect, it } from 'vitest'
import { EtcdClient } from '../../etcd/client'
import { apiFixture } from '../../testing/api-fixture'
import { WatchCache } from '../cache/watch-cache'
import { ipAddressPrefix, ServicePools } from './pools'

function pools(): ServicePools {
  const { env } = apiFixture()
  const cache = new WatchCache(env, new EtcdClient(env, ['localhost']), new Set(['services']))
  const nodePortRange = { first: 30_000, last: 30_003 }
  return new ServicePools(env, cache, { serviceCidr: '10.96.0.0/29', nodePortRange })
}

describe('A15 pools', () => {
  it('give every address and port of their range once, then none', () => {
    const allocator = pools().allocator(new Map())
    const addresses = Array.from({ length: 6 }, () => allocator.clusterIP(undefined))
    expect(addresses.map((a) => a.ok && a.value).sort()).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => `10.96.0.${n}`),
    )
    expect(allocator.clusterIP(undefined)).toEqual({ ok: false, detail: 'range is full' })
    const ports = Array.from({ length: 4 }, () => allocator.nodePort(undefined))
    expect(new Set(ports.map((p) => p.ok && p.value)).size).toBe(4)
    expect(allocator.nodePort(undefined)).toEqual({ ok: false, detail: 'range is full' })
  })

  it('say why a wanted one cannot be had', () => {
    const taken = new Map([[`${ipAddressPrefix}10.96.0.3`, {} as never]])
    const allocator = pools().allocator(taken)
    expect(allocator.clusterIP('10.96.0.3')).toEqual({
      ok: false,
      detail: 'provided IP is already allocated',
    })
    expect(allocator.clusterIP('10.97.0.3')).toEqual({
      ok: false,
      detail:
        'the provided IP (10.97.0.3) is not in the valid range. The range of valid IPs is 10.96.0.0/29',
    })
    expect(allocator.nodePort(80)).toEqual({
      ok: false,
      detail: 'provided port is not in the valid range. The range of valid ports is 30000-30003',
    })
    expect(allocator.nodePort(30_001)).toEqual({ ok: true, value: 30_001 })
    expect(allocator.nodePort(30_001)).toMatchObject({
      detail: 'provided port is already allocated',
    })
  })
})
