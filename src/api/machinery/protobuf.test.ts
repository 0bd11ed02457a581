import { describe, expect, it } from 'vitest'
import { readProtobuf } from './protobuf'

const bytes = (text: string): number[] => [...new TextEncoder().encode(text)]
const field = (number: number, content: readonly number[] | string): number[] => {
  const body = typeof content === 'string' ? bytes(content) : content
  return [(number << 3) | 2, body.length, ...body]
}
const number = (field: number, value: number): number[] => [field << 3, value]
const envelope = (apiVersion: string, kind: string, raw: readonly number[]): Uint8Array =>
  Uint8Array.from([
    ...bytes('k8s\0'),
    ...field(1, [...field(1, apiVersion), ...field(2, kind)]),
    ...field(2, raw),
    ...field(3, ''),
    ...field(4, ''),
  ])

describe('protobuf bodies', () => {
  it('reads maps, UTF-8 and leaves out empty strings', () => {
    const metadata = [...field(1, 'x'), ...field(2, ''), ...field(8, [])]
    const data = [...field(1, 'a'), ...field(2, 'bé')]
    const read = readProtobuf(
      envelope('v1', 'ConfigMap', [...field(1, metadata), ...field(2, data)]),
    )
    expect(read).toEqual({
      ok: true,
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'bé' } },
    })
  })

  it('reads numbers, ports that are names, embedded structs', () => {
    const port = [
      ...number(3, 80),
      ...field(4, [...number(1, 1), ...number(2, 0), ...field(3, 'web')]),
    ]
    const service = readProtobuf(envelope('v1', 'Service', field(2, field(1, port))))
    expect(service).toMatchObject({
      object: { spec: { ports: [{ port: 80, targetPort: 'web' }] } },
    })
    const rule = [...field(1, 'h'), ...field(2, field(1, field(1, field(1, '/'))))]
    const ingress = readProtobuf(
      envelope('networking.k8s.io/v1', 'Ingress', field(2, field(3, rule))),
    )
    expect(ingress).toMatchObject({
      object: { spec: { rules: [{ host: 'h', http: { paths: [{ path: '/' }] } }] } },
    })
  })

  it('refuses what it does not know', () => {
    expect(readProtobuf(Uint8Array.from(bytes('{"kind"}'))).ok).toBe(false)
    expect(readProtobuf(envelope('v1', 'ConfigMap', field(9, 'x')))).toEqual({
      ok: false,
      error: 'cannot read field 9 of core.v1.ConfigMap from protobuf',
    })
    expect(readProtobuf(envelope('v1', 'ConfigMap', [0x0a, 0x7f])).ok).toBe(false)
  })
})
