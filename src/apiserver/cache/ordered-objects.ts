import type { KubeObject } from '../../api/object'

/** The objects of one namespace, sorted by name as etcd sorts its keys. */
class NamespaceObjects {
  names: string[] = []
  items: KubeObject[] = []
  /** `items` has been handed out and must not change any more. */
  shared = false

  put(name: string, object: KubeObject): void {
    const at = positionOf(this.names, name)
    if (this.names[at] === name) {
      this.#own()
      this.items[at] = object
      return
    }
    this.#own()
    if (at === this.names.length) {
      this.names.push(name)
      this.items.push(object)
      return
    }
    this.names.splice(at, 0, name)
    this.items.splice(at, 0, object)
  }

  remove(name: string): void {
    const at = positionOf(this.names, name)
    if (this.names[at] !== name) return
    this.#own()
    this.names.splice(at, 1)
    this.items.splice(at, 1)
  }

  share(): readonly KubeObject[] {
    this.shared = true
    return this.items
  }

  #own(): void {
    if (!this.shared) return
    this.items = this.items.slice()
    this.shared = false
  }
}

const nothing: readonly KubeObject[] = []

/** All objects of one resource in key order, per namespace. Cluster-scoped ones have namespace ''. */
export class OrderedObjects {
  readonly #byKey = new Map<string, KubeObject>()
  readonly #namespaces = new Map<string, NamespaceObjects>()
  /** Sorted as their keys are: `a-b/` comes before `a/`. */
  #order: string[] = []
  #all: readonly KubeObject[] | undefined

  get size(): number {
    return this.#byKey.size
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#byKey.get(objectKey(namespace, name))
  }

  put(namespace: string, name: string, object: KubeObject): KubeObject | undefined {
    const key = objectKey(namespace, name)
    const before = this.#byKey.get(key)
    this.#byKey.set(key, object)
    let list = this.#namespaces.get(namespace)
    if (!list) {
      list = new NamespaceObjects()
      this.#namespaces.set(namespace, list)
      this.#order.push(namespace)
      this.#order.sort(compareNamespaces)
    }
    list.put(name, object)
    this.#all = undefined
    return before
  }

  remove(namespace: string, name: string): KubeObject | undefined {
    const key = objectKey(namespace, name)
    const before = this.#byKey.get(key)
    if (!before) return undefined
    this.#byKey.delete(key)
    const list = this.#namespaces.get(namespace)
    list?.remove(name)
    if (list?.names.length === 0) {
      this.#namespaces.delete(namespace)
      this.#order = this.#order.filter((other) => other !== namespace)
    }
    this.#all = undefined
    return before
  }

  /** Those that the predicate holds for, in key order. Unlike `list` it leaves nothing shared. */
  find(namespace: string | undefined, wanted: (object: KubeObject) => boolean): KubeObject[] {
    const found: KubeObject[] = []
    for (const name of namespace === undefined ? this.#order : [namespace]) {
      for (const item of this.#namespaces.get(name)?.items ?? []) if (wanted(item)) found.push(item)
    }
    return found
  }

  /** In key order; a snapshot that never changes, shared by whoever asks before the next change. */
  list(namespace: string | undefined): readonly KubeObject[] {
    if (namespace !== undefined) return this.#namespaces.get(namespace)?.share() ?? nothing
    if (this.#all) return this.#all
    if (this.#order.length === 1) {
      this.#all = this.#namespaces.get(this.#order[0] as string)?.share() ?? nothing
    } else {
      const all: KubeObject[] = []
      for (const name of this.#order) {
        for (const item of this.#namespaces.get(name)?.items ?? []) all.push(item)
      }
      this.#all = all
    }
    return this.#all
  }
}

export function objectKey(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`
}

/** The first position whose text is not below `wanted`. */
function positionOf(sorted: readonly string[], wanted: string): number {
  let high = sorted.length
  if (high === 0 || (sorted[high - 1] as string) < wanted) return high
  let low = 0
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as string) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

function compareNamespaces(a: string, b: string): number {
  const x = `${a}/`
  const y = `${b}/`
  return x < y ? -1 : x > y ? 1 : 0
}
