import { describe, expect, it } from 'vitest'
import type { Event } from '../api/generated/core-v1'
import { EVENTS } from '../api/resources'
import { minutes, seconds } from '../sim/time'
import { type ApiFixture, admin, apiFixture } from '../testing/api-fixture'
import { ApiClient } from './api-client'
import { EventRecorder, type EventSubject } from './event-recorder'

const web: EventSubject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name: 'web', uid: 'web-uid' },
}

function begin() {
  const api = apiFixture()
  const client = new ApiClient(api.env, {
    server: '10.0.0.1:6443',
    identity: admin,
    userAgent: 'test',
    timeout: seconds(5),
  })
  const recorder = new EventRecorder(api.env, client, 'kubelet', 'worker-1')
  const say = (message: string, reason = 'Pulled', subject = web, fieldPath?: string) =>
    api.sim.inject('test', () => recorder.event(subject, 'Normal', reason, message, fieldPath))
  return { api, say }
}

/** `message ×count`, in the order of writing. */
function told(api: ApiFixture): string[] {
  return events(api).map(({ message, count }) => `${message} ×${count}`)
}

function events(api: ApiFixture): readonly Event[] {
  const listed = api.runTask(api.client.list<Event>(EVENTS, { namespace: 'default' }))
  if (!listed.ok) throw new Error(listed.error.message)
  const items = listed.value.items.filter(({ source }) => source?.component === 'kubelet')
  const written = ({ metadata }: Event) => Number(metadata.resourceVersion)
  return [...items].sort((a, b) => written(a) - written(b))
}

describe('event recorder', () => {
  it('C18 counts equal events up in place', () => {
    const { api, say } = begin()
    for (let i = 0; i < 3; i++) {
      say('ready', 'Pulled', web, 'spec.containers{a}')
      api.advance(seconds(7))
    }
    say('ready', 'Pulled', web, 'spec.containers{b}')
    say('ready', 'Created', web, 'spec.containers{a}')
    api.advance(seconds(7))
    expect(told(api)).toEqual(['ready ×3', 'ready ×1', 'ready ×1'])
    const [event] = events(api) as [Event]
    expect(event).toMatchObject({
      type: 'Normal',
      reason: 'Pulled',
      involvedObject: { kind: 'Pod', name: 'web', fieldPath: 'spec.containers{a}' },
      source: { component: 'kubelet', host: 'worker-1' },
    })
    const between = Date.parse(event.lastTimestamp ?? '') - Date.parse(event.firstTimestamp ?? '')
    expect(between).toBe(14_000)
  })

  it('C18 makes an event that has vanished anew, with its count', () => {
    const { api, say } = begin()
    say('ready')
    api.advance(seconds(1))
    const [first] = events(api) as [Event]
    api.runTask(api.client.delete(EVENTS, { namespace: 'default', name: first.metadata.name }))
    say('ready')
    api.advance(seconds(1))
    expect(told(api)).toEqual(['ready ×2'])
  })

  it('C19 combines the tenth message of a kind and those after it', () => {
    const { api, say } = begin()
    for (let i = 1; i <= 12; i++) say(`try ${i}`)
    say('try 3')
    say('another reason', 'Failed')
    api.advance(seconds(5))
    const prefix = '(combined from similar events): '
    expect(told(api).filter((text) => text.startsWith(prefix))).toEqual([`${prefix}try 12 ×3`])
    expect(told(api)).toContain('try 3 ×2')
    expect(told(api)).toContain('another reason ×1')
    expect(told(api)).toHaveLength(11)
    api.advance(minutes(11))
    say('try 13')
    api.advance(seconds(5))
    expect(told(api)).toContain('try 13 ×1')
  })

  it('C20 writes 25 events of an object at once, then one in five minutes, and counts the rest', () => {
    const { api, say } = begin()
    for (let i = 0; i < 40; i++) say('again')
    say('of another', 'Pulled', { ...web, metadata: { ...web.metadata, name: 'db', uid: 'db' } })
    api.advance(seconds(5))
    expect(told(api).sort()).toEqual(['again ×25', 'of another ×1'])
    api.advance(minutes(5))
    say('again')
    say('again')
    api.advance(seconds(5))
    expect(told(api)).toContain('again ×41')
  })

  it('C18 C21 tells of an outage afterwards, in order and with the times of the happening', () => {
    const { api, say } = begin()
    api.advance(seconds(1))
    const began = api.sim.epochMs + Math.floor(api.sim.now / seconds(1)) * 1000
    const master = api.masters[0]
    api.sim.inject('test', () => master?.powerOff('abrupt'))
    say('first')
    say('second')
    api.advance(seconds(40))
    expect(api.sim.now).toBeGreaterThan(seconds(40))
    api.sim.inject('test', () => master?.powerOn())
    api.advance(seconds(40))
    expect(told(api)).toEqual(['first ×1', 'second ×1'])
    for (const { firstTimestamp } of events(api)) {
      expect(Date.parse(firstTimestamp ?? '')).toBe(began)
    }
  })

  it('C21 keeps 1 000 events waiting at most, and gives one up after 12 tries', () => {
    const { api, say } = begin()
    const master = api.masters[0]
    api.sim.inject('test', () => master?.powerOff('abrupt'))
    for (let i = 0; i < 1500; i++) {
      say('lost', 'Pulled', { ...web, metadata: { ...web.metadata, name: `p-${i}`, uid: `${i}` } })
    }
    api.advance(12 * seconds(15) + seconds(5))
    api.sim.inject('test', () => master?.powerOn())
    api.advance(minutes(2))
    const names = events(api).map(({ involvedObject }) => involvedObject.name)
    expect(names).not.toContain('p-0')
    expect(names).toContain('p-1000')
    expect(names).not.toContain('p-1001')
    expect(names).toHaveLength(1000)
  })
})
