import { describe, expect, it } from 'vitest'
import type { CronJob } from '../../api/generated/batch-v1'
import { formatTime, parseTime } from '../../api/machinery/time'
import { dueStart } from './plan'
import { parseSchedule, type Schedule } from './schedule'

const at = (text: string): number => parseTime(text) as number

describe('parseSchedule', () => {
  it.each([
    ['*/15 * * * *', '2026-01-01T00:07:30Z', '2026-01-01T00:15:00Z'],
    ['0 0 1 1 *', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['30 9 * * mon-fri', '2026-01-02T10:00:00Z', '2026-01-05T09:30:00Z'],
    ['0 12 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T12:00:00Z'],
    ['0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['5,35 8-10/2 * JAN *', '2026-01-01T08:10:00Z', '2026-01-01T08:35:00Z'],
    ['@hourly', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
    ['@every 1m30s', '2026-01-01T00:00:00Z', '2026-01-01T00:01:30Z'],
  ])('%s after %s', (text, from, next) => {
    const due = parseSchedule(text)?.next(at(from))
    expect(due !== undefined && formatTime(due)).toBe(next)
  })

  it.each(['', '* * * *', '60 * * * *', '5-1 * * * *', '*/0 * * * *', 'x * * * *', '@often'])(
    'refuses %j',
    (text) => expect(parseSchedule(text)).toBeUndefined(),
  )

  it('knows that 30 February never comes', () => {
    expect(parseSchedule('0 0 30 2 *')?.next(at('2026-01-01T00:00:00Z'))).toBeUndefined()
  })
})

describe('dueStart (C7)', () => {
  const every = parseSchedule('*/5 * * * *') as Schedule
  const cron = (spec: object, lastScheduleTime?: string) =>
    ({
      metadata: { name: 'c', creationTimestamp: '2026-01-01T00:01:00Z' },
      spec,
      status: { lastScheduleTime },
    }) as unknown as CronJob
  const due = (c: CronJob, now: string) => dueStart(c, every, at(now))

  it('makes up for the latest missed start only', () => {
    expect(due(cron({}), '2026-01-01T00:04:59Z').at).toBeUndefined()
    expect(due(cron({}), '2026-01-01T00:17:00Z').at).toBe(at('2026-01-01T00:15:00Z'))
    expect(due(cron({}, '2026-01-01T00:15:00Z'), '2026-01-01T00:17:00Z').at).toBeUndefined()
  })

  it('forgets starts beyond the deadline', () => {
    const late = cron({ startingDeadlineSeconds: 60 })
    expect(due(late, '2026-01-01T00:17:00Z').at).toBeUndefined()
    expect(due(late, '2026-01-01T00:15:30Z').at).toBe(at('2026-01-01T00:15:00Z'))
  })

  it('tells of too many missed starts and makes up for the last', () => {
    const found = due(cron({}), '2026-01-03T00:02:00Z')
    expect(found).toEqual({ at: at('2026-01-03T00:00:00Z'), isTooMany: true })
  })
})
