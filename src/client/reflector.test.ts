import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KubeObject, keyOf } from '../api/object'
import { Reflector } from './reflector'
import type { WatchEvent } from './request'

interface Thing extends KubeObject {
  readonly colours: readonly string[]
}

interface ThingSpec {
  readonly name: string
  readonly version: number
  readonly uid?: string
  readonly colours?: readonly string[]
}

const thing = ({ name, version, uid = name, colours = [] }: ThingSpec): Thing => ({
  metadata: { namespace: 'default', name, uid, resourceVersion: String(version) },
  colours,
})

/** Folds what a handler is told, and complains when the story makes no sense. */
class Listener {
  readonly objects = new Map<string, Thing>()
  readonly story: string[] = []
  readonly #reflector: Reflector<Thing>

  constructor(reflector: Reflector<Thing>) {
    this.#reflector = reflector
    reflector.addHandler(this)
  }

  onAdd(object: Thing): void {
    const key = keyOf(object)
    expect(this.objects.has(key)).toBe(false)
    this.objects.set(key, object)
    this.#tell('add', object)
  }

  onUpdate(object: Thing, old: Thing): void {
    const key = keyOf(object)
    expect(this.objects.get(key)).toBe(old)
    expect(object.metadata.uid).toBe(old.metadata.uid)
    expect(object.metadata.resourceVersion).not.toBe(old.metadata.resourceVersion)
    this.objects.set(key, object)
    this.#tell('update', object)
  }

  onDelete(object: Thing): void {
    const key = keyOf(object)
    expect(this.objects.get(key)?.metadata.uid).toBe(object.metadata.uid)
    this.objects.delete(key)
    this.#tell('delete', object)
  }

  #tell(what: string, { metadata }: Thing): void {
    this.story.push(`${what} ${metadata.uid}@${metadata.resourceVersion}`)
    expectIndexesOf(this.#reflector)
  }
}

const colourNames = ['red', 'green', 'blue']

function expectIndexesOf(reflector: Reflector<Thing>): void {
  for (const colour of colourNames) {
    const keys = reflector.byIndex('colour', colour).map(keyOf).sort()
    const expected = [...reflector.values()].filter(({ colours }) => colours.includes(colour))
    expect(keys).toEqual(expected.map(keyOf).sort())
  }
}

function begin() {
  const reflector = new Reflector<Thing>()
  reflector.addIndex('colour', ({ colours }) => colours)
  return { reflector, listener: new Listener(reflector) }
}

/** What happens to a collection on the server; the reflector hears of it, or lists after a gap. */
type Happening =
  | { readonly type: 'put'; readonly name: string; readonly colours: readonly string[] }
  | { readonly type: 'delete' | 'recreate'; readonly name: string }
  | { readonly type: 'bookmark' | 'lose' | 'list' }

const names = fc.constantFrom('a', 'b', 'c', 'd')
const colours = fc.array(fc.constantFrom(...colourNames), { maxLength: 3 })
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('put' as const), name: names, colours }) },
  fc.record({ type: fc.constantFrom('delete' as const, 'recreate' as const), name: names }),
  fc.record({ type: fc.constantFrom('bookmark' as const, 'lose' as const, 'list' as const) }),
)

/** The server's side of the story. */
class Collection {
  readonly objects = new Map<string, Thing>()
  version = 1

  change(what: Happening): WatchEvent<Thing>[] {
    this.version++
    if (what.type === 'bookmark') {
      return [{ type: 'BOOKMARK', object: thing({ name: '', version: this.version }) }]
    }
    if (!('name' in what)) return []
    const old = this.objects.get(what.name)
    if (what.type === 'put') {
      const uid = old?.metadata.uid ?? `${what.name}-${this.version}`
      return [this.#put(thing({ ...what, uid, version: this.version }), old ? 'MODIFIED' : 'ADDED')]
    }
    if (!old) return []
    this.objects.delete(what.name)
    const last = { ...old, metadata: { ...old.metadata, resourceVersion: String(this.version) } }
    const events: WatchEvent<Thing>[] = [{ type: 'DELETED', object: last }]
    if (what.type === 'delete') return events
    const uid = `${what.name}-${++this.version}`
    const again = thing({ name: what.name, uid, version: this.version, colours: ['blue'] })
    return [...events, this.#put(again, 'ADDED')]
  }

  #put(object: Thing, type: 'ADDED' | 'MODIFIED'): WatchEvent<Thing> {
    this.objects.set(object.metadata.name, object)
    return { type, object }
  }
}

describe('reflector', () => {
  it('C2 C4 C5 C6 tells a consistent story of any run of lists, events and gaps', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const { reflector, listener } = begin()
        const server = new Collection()
        reflector.listed([], '1')
        let lost = false
        for (const what of happenings) {
          const events = server.change(what)
          if (what.type === 'lose') {
            lost = true
            reflector.expire()
          }
          if (what.type === 'list') {
            reflector.listed([...server.objects.values()], String(server.version))
            lost = false
          }
          if (lost) continue
          for (const event of events) expect(reflector.observe(event)).toBe(true)
          const keys = [...server.objects.values()].map((object) => [keyOf(object), object])
          const expected = Object.fromEntries(keys)
          const held = [...reflector.values()].map((object) => [keyOf(object), object])
          expect(Object.fromEntries(held)).toEqual(expected)
          expect(Object.fromEntries(listener.objects)).toEqual(expected)
          expectIndexesOf(reflector)
        }
        const late = new Listener(reflector)
        expect(late.objects).toEqual(listener.objects)
      }),
      { numRuns: 150, seed: 7 },
    )
  })

  it('C3 tells nothing of a list that shows nothing new', () => {
    const { reflector, listener } = begin()
    reflector.listed([thing({ name: 'a', version: 5 })], '9')
    reflector.listed([thing({ name: 'a', version: 5 })], '12')
    expect(listener.story).toEqual(['add a@5'])
    expect(reflector.next()).toEqual({ type: 'watch', resourceVersion: '12' })
  })

  it.each([
    ['in a list', (r: Reflector<Thing>, again: Thing) => r.listed([again], '9')],
    [
      'in an event',
      (r: Reflector<Thing>, object: Thing) => void r.observe({ type: 'MODIFIED', object }),
    ],
  ])('C4 tells another uid %s as a deletion and an addition', (_, show) => {
    const { reflector, listener } = begin()
    reflector.listed([thing({ name: 'a', uid: 'first', version: 3 })], '3')
    show(reflector, thing({ name: 'a', uid: 'second', version: 9 }))
    expect(listener.story).toEqual(['add first@3', 'delete first@3', 'add second@9'])
  })

  it('C2 tells the last state of what was deleted', () => {
    const { reflector, listener } = begin()
    reflector.listed([thing({ name: 'a', version: 3 })], '3')
    reflector.observe({ type: 'DELETED', object: thing({ name: 'a', version: 4 }) })
    reflector.observe({ type: 'DELETED', object: thing({ name: 'never', version: 5 }) })
    expect(listener.story).toEqual(['add a@3', 'delete a@4'])
    expect(reflector.resourceVersion).toBe('5')
  })

  it('C5 fills an index that comes late', () => {
    const reflector = new Reflector<Thing>()
    reflector.listed([thing({ name: 'a', version: 1, colours: ['red', 'red'] })], '1')
    reflector.addIndex('colour', ({ colours }) => colours)
    expectIndexesOf(reflector)
    expect(reflector.byIndex('colour', 'red')).toHaveLength(1)
    expect(reflector.byIndex('no such index', 'red')).toEqual([])
  })

  it('C6 lists any state first, then nothing older than it saw, then the latest', () => {
    const { reflector } = begin()
    expect(reflector.next()).toEqual({ type: 'list', resourceVersion: '0' })
    reflector.listed([], '3')
    reflector.observe({ type: 'BOOKMARK', object: thing({ name: '', version: 8 }) })
    expect(reflector.next()).toEqual({ type: 'watch', resourceVersion: '8' })
    const error = { kind: 'Status', code: 410 } as unknown as Thing
    expect(reflector.observe({ type: 'ERROR', object: error })).toBe(false)
    expect(reflector.next()).toEqual({ type: 'list', resourceVersion: '8' })
    reflector.listLatest()
    expect(reflector.next()).toEqual({ type: 'list', resourceVersion: '' })
    reflector.listed([], '20')
    reflector.expire()
    expect(reflector.next()).toEqual({ type: 'list', resourceVersion: '20' })
  })
})
