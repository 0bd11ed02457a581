import { describe, expect, it } from 'vitest'
import type { Service } from '../api/generated/core-v1'
import type { EndpointSlice } from '../api/generated/discovery-v1'
import { formatIpv4, parseCidr, parseIpv4 } from '../api/machinery/ipv4'
import { RouteTable } from './route-table'
import { RuleTable } from './rule-table'
import { serviceRules } from './rules'
import { resolveName } from './service-names'
import { parseUrl } from './url'

function service(spec: Service['spec'], name = 'web'): Service {
  return {
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: '10.96.0.9', ports: [{ port: 80, nodePort: 30080 }], ...spec },
    status: {},
  }
}

/** `10.244.1.2@n1`, with `!` for not ready and `~` for serving while terminating. */
function slice(text: string): EndpointSlice {
  return {
    metadata: { name: 's' },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: text
      .split(' ')
      .filter(Boolean)
      .map((part) => {
        const [, ip = '', nodeName = '', mark] = /^([\d.]+)@(\w+)([!~]?)$/.exec(part) ?? []
        const terminating = mark === '~'
        const conditions = { ready: mark === '', serving: mark !== '!', terminating }
        return { addresses: [ip], nodeName, conditions }
      }),
  }
}

const cases: readonly [endpoints: string, spec: object, backends: string, dropped: boolean][] = [
  ['10.1.0.1@n1 10.1.0.2@n2', {}, '10.1.0.1:8080 10.1.0.2:8080', false],
  ['10.1.0.1@n1! 10.1.0.2@n2', {}, '10.1.0.2:8080', false],
  ['10.1.0.1@n1! 10.1.0.2@n2~', {}, '10.1.0.2:8080', false],
  ['10.1.0.1@n1 10.1.0.2@n2~', {}, '10.1.0.1:8080', false],
  ['10.1.0.1@n1!', {}, '', false],
  ['', {}, '', false],
  ['10.1.0.1@n1 10.1.0.2@n2', { internalTrafficPolicy: 'Local' }, '10.1.0.1:8080', false],
  ['10.1.0.2@n2', { internalTrafficPolicy: 'Local' }, '', true],
]

describe('service rules', () => {
  it.each(cases)('N1 [%s] %j: [%s]', (endpoints, spec, backends, dropped) => {
    const [address, destination] =
      serviceRules(service(spec), [slice(endpoints)], 'n1').internal[0] ?? []
    expect(address).toBe('10.96.0.9:80')
    expect(destination?.backends.map(({ ip, port }) => `${ip}:${port}`).join(' ')).toBe(backends)
    expect(destination?.dropped).toBe(dropped)
  })

  it('changes one service without touching another', () => {
    const table = new RuleTable()
    const slices = [slice('10.1.0.1@n1')]
    table.set('default/a', serviceRules(service({ clusterIP: '10.96.0.1' }, 'a'), slices, 'n1'))
    table.set('default/b', serviceRules(service({ clusterIP: '10.96.0.2' }, 'b'), slices, 'n1'))
    table.delete('default/a')
    expect(table.byAddress('10.96.0.1', 80)).toBeUndefined()
    expect(table.byAddress('10.96.0.2', 80)?.service).toBe('default/b')
    expect(table.byNodePort(30080)?.service).toBe('default/b')
  })

  it('resolves names as a pod does', () => {
    const table = new RuleTable()
    const slices = [slice('10.1.0.1@n1 10.1.0.2@n2')]
    table.set('default/web', serviceRules(service({}), slices, 'n1'))
    table.set('default/db', serviceRules(service({ clusterIP: 'None' }), slices, 'n1'))
    const alias = { clusterIP: '', externalName: 'web.default.svc.cluster.local' }
    table.set('other/alias', serviceRules(service(alias), [], 'n1'))
    table.set(
      'other/loop',
      serviceRules(service({ clusterIP: '', externalName: 'loop.other' }), [], 'n1'),
    )
    expect(resolveName(table, 'web', 'default')).toEqual(['10.96.0.9'])
    expect(resolveName(table, 'web', 'other')).toEqual([])
    expect(resolveName(table, 'web.default.svc', 'other')).toEqual(['10.96.0.9'])
    expect(resolveName(table, 'db.default', 'other')).toEqual(['10.1.0.1', '10.1.0.2'])
    expect(resolveName(table, 'alias', 'other')).toEqual(['10.96.0.9'])
    expect(resolveName(table, 'loop', 'other')).toEqual([])
  })
})

describe('addresses', () => {
  it('reads and prints them, and knows ranges', () => {
    expect(formatIpv4(parseIpv4('203.0.113.255') ?? 0)).toBe('203.0.113.255')
    expect(parseIpv4('256.1.1.1')).toBeUndefined()
    expect(parseCidr('10.244.3.7/24')).toEqual({ first: parseIpv4('10.244.3.0'), size: 256 })
    expect(parseCidr('10.244.3.0/33')).toBeUndefined()
    const routes = new RouteTable()
    routes.set('n1', '10.0.0.1', ['10.244.1.0/24'])
    routes.set('n2', '10.0.0.2', ['10.244.2.0/24'])
    expect(routes.machineOf('10.244.2.200')).toBe('10.0.0.2')
    routes.delete('n2')
    expect(routes.machineOf('10.244.2.200')).toBeUndefined()
  })

  it.each([
    ['http://web.default', 'web.default 80 /'],
    ['web:8080/a?b=c', 'web 8080 /a?b=c'],
    ['http://web?x=1', 'web 80 /?x=1'],
    ['https://Web/x/y', 'web 443 /x/y'],
    ['http://web:99999', undefined],
    ['ftp://web', undefined],
    ['http://', undefined],
  ])('parses %s', (text, expected) => {
    const url = parseUrl(text)
    expect(url && `${url.host} ${url.port} ${url.path}`).toBe(expected)
  })
})
