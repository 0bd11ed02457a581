/** Everything a cluster stores lies below this. */
export const registryPrefix = '/registry/'

/** One API server's lease on being an endpoint of the `kubernetes` Service. */
export const masterLeasePrefix = '/registry/masterleases/'
/** One key per node port in use; the value says by which Service. */
export const nodePortPrefix = '/registry/ranges/servicenodeports/'
/**
 * Agreement of the API servers on the revision to compact at. The real key, `compact_rev_key`, lies
 * outside the registry; here its changes arrive on the one watch that every server has.
 */
export const compactRevisionKey = '/registry/compact_rev_key'

/** Segments below the registry that hold no API objects. */
const internalSegments: ReadonlySet<string> = new Set(['masterleases', 'ranges', 'compact_rev_key'])

/**
 * Where a resource's objects are stored: `/registry/pods/`, `/registry/apps/deployments/`. A
 * resource served by two groups has one place.
 */
export function storagePrefix(group: string, resource: string): string {
  if (group === '' || (group === 'events.k8s.io' && resource === 'events')) {
    return `${registryPrefix}${resource}/`
  }
  return `${registryPrefix}${group}/${resource}/`
}

export interface ParsedKey {
  /** `/registry/pods/`. */
  readonly prefix: string
  readonly namespace: string
  readonly name: string
}

const parsedKeys = new Map<string, ParsedKey>()
const parsedKeysMax = 16_384

/**
 * Takes a key apart; undefined for keys that hold no API object. `corePlurals` tells the core
 * group's resources from group names. The servers of one simulation see the same keys again and
 * again: what was parsed is remembered for a while.
 */
export function parseKey(key: string, corePlurals: ReadonlySet<string>): ParsedKey | undefined {
  const known = parsedKeys.get(key)
  if (known) return known
  const parsed = takeApart(key, corePlurals)
  if (!parsed) return undefined
  if (parsedKeys.size >= parsedKeysMax) parsedKeys.clear()
  parsedKeys.set(key, parsed)
  return parsed
}

function takeApart(key: string, corePlurals: ReadonlySet<string>): ParsedKey | undefined {
  const start = registryPrefix.length
  let end = key.indexOf('/', start)
  const segment = end < 0 ? key.slice(start) : key.slice(start, end)
  if (end < 0 || internalSegments.has(segment)) return undefined
  if (!corePlurals.has(segment)) end = key.indexOf('/', end + 1)
  const slash = key.indexOf('/', end + 1)
  return {
    prefix: key.slice(0, end + 1),
    namespace: slash < 0 ? '' : key.slice(end + 1, slash),
    name: key.slice(slash < 0 ? end + 1 : slash + 1),
  }
}
