import type { KubeObject } from '../../api/object'

/** The objects of one namespace, listed by name as etcd sorts its keys. Lists are made when asked for. */
class NamespaceObjects {
  readonly byName = new Map<string, KubeObject>()
  /** Sorted; missing while names have come or gone since. */
  #names: readonly string[] | undefined
  /** Handed out, so that it never changes; missing while something has changed since. */
  #items: readonly KubeObject[] | undefined

  put(name: string, object: KubeObject): KubeObject | undefined {
    const before = this.byName.get(name)
    this.byName.set(name, object)
    if (!before) this.#names = undefined
    this.#items = undefined
    return before
  }

  remove(name: string): KubeObject | undefined {
    const before = this.byName.get(name)
    if (!before) return undefined
    this.byName.delete(name)
    this.#names = undefined
    this.#items = undefined
    return before
  }

  get items(): readonly KubeObject[] {
    if (this.#items) return this.#items
    this.#names ??= [...this.byName.keys()].sort()
    this.#items = this.#names.map((name) => this.byName.get(name) as KubeObject)
    return this.#items
  }
}

const nothing: readonly KubeObject[] = []

/** All objects of one resource in key order, per namespace. Cluster-scoped ones have namespace ''. */
export class OrderedObjects {
  readonly #namespaces = new Map<string, NamespaceObjects>()
  /** Sorted as their keys are: `a-b/` comes before `a/`. */
  #order: string[] = []
  #all: readonly KubeObject[] | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#namespaces.get(namespace)?.byName.get(name)
  }

  put(namespace: string, name: string, object: KubeObject): KubeObject | undefined {
    let objects = this.#namespaces.get(namespace)
    if (!objects) {
      objects = new NamespaceObjects()
      this.#namespaces.set(namespace, objects)
      this.#order.push(namespace)
      this.#order.sort(compareNamespaces)
    }
    const before = objects.put(name, object)
    if (!before) this.#size++
    this.#all = undefined
    return before
  }

  remove(namespace: string, name: string): KubeObject | undefined {
    const objects = this.#namespaces.get(namespace)
    const before = objects?.remove(name)
    if (!objects || !before) return undefined
    this.#size--
    if (objects.byName.size === 0) {
      this.#namespaces.delete(namespace)
      this.#order = this.#order.filter((other) => other !== namespace)
    }
    this.#all = undefined
    return before
  }

  /** Those that the predicate holds for, in key order. */
  find(namespace: string | undefined, wanted: (object: KubeObject) => boolean): KubeObject[] {
    return this.list(namespace).filter(wanted)
  }

  /** In key order; a snapshot that never changes, shared by whoever asks before the next change. */
  list(namespace: string | undefined): readonly KubeObject[] {
    if (namespace !== undefined) return this.#namespaces.get(namespace)?.items ?? nothing
    this.#all ??=
      this.#order.length === 1
        ? (this.#namespaces.get(this.#order[0] as string)?.items ?? nothing)
        : this.#order.flatMap((name) => this.#namespaces.get(name)?.items ?? nothing)
    return this.#all
  }
}

export function objectKey(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`
}

function compareNamespaces(a: string, b: string): number {
  const x = `${a}/`
  const y = `${b}/`
  return x < y ? -1 : x > y ? 1 : 0
}
