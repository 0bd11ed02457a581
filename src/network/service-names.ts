import type { RuleTable } from './rule-table'

const clusterDomain = 'svc.cluster.local'
/** ExternalNames may point at one another. */
const aliasesMax = 8

/**
 * Addresses of a name as a pod of `namespace` would find it: `web`, `web.default`,
 * `web.default.svc`, `web.default.svc.cluster.local`. Reads the node's own rules; a DNS server of
 * the cluster is not simulated yet. Empty when there is no such service.
 */
export function resolveName(
  rules: RuleTable,
  host: string,
  namespace: string,
  depth = 0,
): readonly string[] {
  const bare = host.replace(/\.$/, '')
  const inside = bare.endsWith(`.${clusterDomain}`)
    ? bare.slice(0, -clusterDomain.length - 1)
    : bare.replace(/\.svc$/, '')
  const parts = inside.split('.')
  if (parts.length > 2) return []
  const [name = '', ns = namespace] = parts
  const found = rules.name(`${ns}/${name}`)
  if (found?.externalName) {
    return depth < aliasesMax ? resolveName(rules, found.externalName, ns, depth + 1) : []
  }
  return found?.addresses ?? []
}
