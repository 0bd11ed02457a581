import { describe, expect, it } from 'vitest'
import { decodeBody } from './decode'
import { fieldErrorText, invalid, notSupported, Path, required, tooLong, tooMany } from './field'
import { goQuote } from './go-text'
import { safeEncode, templateHash } from './hash'
import { scaledValue } from './int-or-string'
import { parseJson } from './json'
import { isQualifiedName, isValidCIDR, isValidIP, isValidPortName } from './names'
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  mustQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  subtractQuantity,
} from './quantity'
import { requestInfo } from './request-info'
import {
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  requirementsText,
  selectorMatches,
} from './selectors'
import { semanticEqual } from './semantic-equal'
import { negotiateTransform } from './table'
import {
  formatMicroTime,
  formatTime,
  humanDuration,
  parseTime,
  TIME_LAYOUT,
  timeError,
} from './time'

describe('field errors', () => {
  it.each([
    [
      invalid(Path.of('spec').child('x').index(0).key('a/b'), 'y', 'why'),
      'spec.x[0][a/b]: Invalid value: "y": why',
    ],
    [invalid(Path.of('a'), { b: '1', a: '<' }, ''), 'a: Invalid value: {"a":"\\u003c","b":"1"}'],
    [
      notSupported('p', 'tcp', ['SCTP', 'TCP']),
      'p: Unsupported value: "tcp": supported values: "SCTP", "TCP"',
    ],
    [required(Path.root.child('spec'), ''), 'spec: Required value'],
    [tooLong('l', 63), 'l: Too long: may not be more than 63 bytes'],
    [tooMany('m', 5, 3), 'm: Too many: 5: must have at most 3 items'],
  ])('%#', (error, text) => expect(fieldErrorText(error)).toBe(text))

  it('quotes as Go does', () => {
    expect(goQuote('a"\n\x01é日\u200b')).toBe('"a\\"\\n\\x01é日\\u200b"')
  })
})

describe('quantities', () => {
  it.each([
    ['100m', '100m'],
    ['0.5', '500m'],
    ['1.0', '1'],
    ['1000m', '1'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1000Ki', '1000Ki'],
    ['512Ki', '512Ki'],
    ['0.5Ki', '512'],
    ['1.5Ki', '1536'],
    ['2e3', '2e3'],
    ['1e5', '100e3'],
    ['12E', '9223372036854775807'],
    ['-1500m', '-1500m'],
    ['0', '0'],
    ['0.0000000001', '1n'],
    ['123456789', '123456789'],
    ['5000', '5k'],
  ])('%s is %s', (text, canonical) => expect(canonicalQuantity(text)).toBe(canonical))

  it.each(['', 'abc', '1Mb', '1..2', '.', '+', '1 '])('%j is none', (text) => {
    expect(parseQuantity(text).ok).toBe(false)
  })

  it('computes exactly', () => {
    const [a, b] = [mustQuantity('1'), mustQuantity('250m')]
    expect(formatQuantity(subtractQuantity(a, b))).toBe('750m')
    expect(formatQuantity(addQuantity(mustQuantity('1Gi'), mustQuantity('512Mi')))).toBe('1536Mi')
    expect(compareQuantity(mustQuantity('1000m'), a)).toBe(0)
    expect(quantityMilliValue(mustQuantity('0.0001'))).toBe(1)
    expect(quantityValue(mustQuantity('1500m'))).toBe(2)
  })

  it('scales percentages', () => {
    expect([
      scaledValue('25%', 3, 'up'),
      scaledValue('25%', 3, 'down'),
      scaledValue(4, 9, 'up'),
    ]).toEqual([1, 0, 4])
  })
})

describe('times', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2024-02-29T23:59:59Z', 1_709_251_199_000_000],
    ['2026-11-20T08:52:13Z', 1_795_164_733_000_000],
    ['1969-12-31T23:59:59Z', -1_000_000],
  ])('%s', (text, micros) => {
    expect(parseTime(text)).toBe(micros)
    expect(formatTime(micros)).toBe(text)
  })

  it('reads zones and fractions', () => {
    expect(formatMicroTime(parseTime('2026-01-01T01:00:00.5+01:00')!)).toBe(
      '2026-01-01T00:00:00.500000Z',
    )
  })

  it('says what is wrong', () => {
    expect(timeError('text', TIME_LAYOUT)).toBe(
      'parsing time "text" as "2006-01-02T15:04:05Z07:00": cannot parse "text" as "2006"',
    )
    expect(parseTime('2026-02-30T00:00:00Z')).toBeUndefined()
  })

  it.each([
    [45, '45s'],
    [119, '119s'],
    [200, '3m20s'],
    [3600, '60m'],
    [4 * 3600 + 60, '4h1m'],
    [30 * 3600, '30h'],
    [3 * 86400 + 7200, '3d2h'],
    [100 * 86400, '100d'],
    [800 * 86400, '2y70d'],
    [-5, '<invalid>'],
  ])('%i s is %s', (seconds, text) => expect(humanDuration(seconds * 1e6)).toBe(text))
})

describe('names', () => {
  it('judges as Go', () => {
    expect(isQualifiedName('example.com/name')).toEqual([])
    expect(isQualifiedName('')[0]).toBe('name part must be non-empty')
    expect(isValidPortName('UPPER')).toHaveLength(2)
    expect(isValidIP('10.0.0.01')).toHaveLength(1)
    expect(isValidIP('2001:db8::1')).toEqual([])
    expect(isValidCIDR('10.0.0.0/33')).toHaveLength(1)
  })
})

describe('selectors', () => {
  const labels = { tier: 'web', n: '5' }
  it.each([
    ['tier=web', true],
    ['tier==web,n', true],
    ['tier!=web', false],
    ['gone!=x,!gone', true],
    ['tier in (a, web)', true],
    ['tier notin (web)', false],
    ['n>4,n<6', true],
    ['', true],
  ])('%s', (text, matches) => {
    const parsed = parseLabelSelector(text)
    expect(parsed.ok && matchesLabels(parsed.selector, labels)).toBe(matches)
  })

  it.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ])('refuses %s', (text, error) => expect(parseLabelSelector(text)).toEqual({ ok: false, error }))

  it('takes the words in and notin as values', () => {
    const parsed = parseLabelSelector('in=notin')
    expect(parsed.ok && requirementsText(parsed.selector)).toBe('in=notin')
  })

  it('tells no selector from an empty one', () => {
    expect([selectorMatches(undefined, labels), selectorMatches({}, labels)]).toEqual([false, true])
  })

  it('reads field selectors', () => {
    expect(parseFieldSelector('metadata.name!=a\\,b,x==y')).toEqual({
      ok: true,
      selector: [
        { field: 'metadata.name', operator: '!=', value: 'a,b' },
        { field: 'x', operator: '=', value: 'y' },
      ],
    })
    expect(parseFieldSelector('x').ok).toBe(false)
  })
})

describe('request info', () => {
  it.each([
    ['GET', '/api/v1/pods', {}, ['list', '', 'v1', '', 'pods', '', '']],
    ['GET', '/api/v1/pods', { watch: '1' }, ['watch', '', 'v1', '', 'pods', '', '']],
    ['GET', '/api/v1/namespaces/a', {}, ['get', '', 'v1', 'a', 'namespaces', 'a', '']],
    [
      'PUT',
      '/api/v1/namespaces/a/status',
      {},
      ['update', '', 'v1', 'a', 'namespaces', 'a', 'status'],
    ],
    [
      'DELETE',
      '/apis/apps/v1/namespaces/a/deployments',
      {},
      ['deletecollection', 'apps', 'v1', 'a', 'deployments', '', ''],
    ],
    [
      'PATCH',
      '/apis/apps/v1/namespaces/a/deployments/d/scale',
      {},
      ['patch', 'apps', 'v1', 'a', 'deployments', 'd', 'scale'],
    ],
    [
      'GET',
      '/api/v1/namespaces/a/pods',
      { fieldSelector: 'metadata.name=x' },
      ['list', '', 'v1', 'a', 'pods', 'x', ''],
    ],
  ])('%s %s %j', (method, path, query, want) => {
    const { verb, group, version, namespace, resource, name, subresource } = requestInfo(
      method,
      path,
      query,
    )
    expect([verb, group, version, namespace, resource, name, subresource]).toEqual(want)
  })

  it.each(['/healthz', '/api', '/apis/apps/v1', '/version'])('%s is no resource', (path) => {
    expect(requestInfo('GET', path)).toMatchObject({ isResource: false, verb: 'get' })
  })

  it('hears which transformation is wanted', () => {
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
    expect(negotiateTransform(table)).toBe('Table')
    expect(negotiateTransform('application/json')).toBeUndefined()
  })
})

describe('JSON text', () => {
  it.each([
    ['', 'unexpected end of JSON input'],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['[1.]', "invalid character ']' after decimal point in numeric literal"],
  ])('%j', (text, error) => expect(parseJson(text)).toEqual({ ok: false, error }))

  it('reports duplicates and keeps __proto__ an ordinary key', () => {
    const parsed = parseJson('{"spec":{"p":[{"a":1,"a":2}],"__proto__":{"x":1}}}')
    expect(parsed.ok && parsed.duplicates).toEqual(['spec.p[0].a'])
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  it('bounds the depth', () => {
    expect(parseJson('['.repeat(20), { depthMax: 10 })).toEqual({
      ok: false,
      error: 'exceeded max depth',
    })
  })

  it('tells duplicate fields of a body', () => {
    const body =
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","name":"b"},"spec":{"x":1}}'
    const target = { body, group: '', version: 'v1', kind: 'Pod' }
    const strict = decodeBody({ ...target, fieldValidation: 'Strict' })
    expect(strict.ok === false && strict.status.message).toBe(
      'Pod in version "v1" cannot be handled as a Pod: strict decoding error: ' +
        'unknown field "spec.x", duplicate field "metadata.name"',
    )
    const warned = decodeBody(target)
    expect(warned.ok && warned.warnings).toEqual([
      'unknown field "spec.x"',
      'duplicate field "metadata.name"',
    ])
  })
})

describe('equality and hashes', () => {
  it('ignores the difference between nothing and an empty list', () => {
    expect(semanticEqual({ a: [], b: 1 }, { b: 1, c: null })).toBe(true)
    expect(semanticEqual({ a: {} }, {})).toBe(false)
  })

  it('hashes by content', () => {
    expect(templateHash({ a: 1, b: [{}] })).toBe(templateHash({ b: [{}], a: 1, c: undefined }))
    expect(templateHash({}, 1)).not.toBe(templateHash({}))
    expect(safeEncode(4_294_967_295)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{10}$/)
  })
})
