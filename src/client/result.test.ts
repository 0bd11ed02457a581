import { describe, expect, it } from 'vitest'
import { failureOf, resultOf } from './result'

describe('results', () => {
  const request = { method: 'DELETE', path: '/api/v1/nodes/worker-1' } as const
  const url = 'Delete "https://10.0.0.1:6443/api/v1/nodes/worker-1": '

  it.each([
    ['refused', 'dial tcp 10.0.0.1:6443: connect: connection refused', 'ServiceUnavailable'],
    ['no route', 'dial tcp 10.0.0.1:6443: connect: no route to host', 'ServiceUnavailable'],
    ['reset', 'read: connection reset by peer', 'ServiceUnavailable'],
    [
      'timeout',
      'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      'Timeout',
    ],
    ['closed', 'unexpected EOF', 'ServiceUnavailable'],
  ] as const)('C1 no answer (%s) is code 0, in the words of Go', (failure, text, reason) => {
    const body = failureOf(request, '10.0.0.1:6443', failure)
    const result = resultOf({ status: 0, body })
    const error = { code: 0, reason, message: url + text, status: body }
    expect(result).toEqual({ ok: false, error })
  })

  it('C1 the server’s word is kept', () => {
    const body = { reason: 'NotFound', message: 'nodes "worker-1" not found', code: 404 }
    const { reason, message } = body
    const error = { code: 404, reason, message, status: body }
    expect(resultOf({ status: 404, body })).toEqual({ ok: false, error })
    expect(resultOf({ status: 201, body: 'made' })).toEqual({ ok: true, value: 'made' })
  })
})
