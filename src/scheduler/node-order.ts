import type { NodeInfo } from './node-info'

const zoneLabel = 'topology.kubernetes.io/zone'
const regionLabel = 'topology.kubernetes.io/region'

export const zoneOf = ({ labels }: NodeInfo): string =>
  `${labels[regionLabel] ?? ''}/${labels[zoneLabel] ?? ''}`

/** One node of each zone in turn, as kube-scheduler's node tree lists them. */
export function zonesInTurn(nodes: Iterable<NodeInfo>): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>()
  for (const node of nodes) {
    const zone = zoneOf(node)
    const members = zones.get(zone)
    if (members) members.push(node)
    else zones.set(zone, [node])
  }
  const ordered: NodeInfo[] = []
  let left = [...zones.values()]
  for (let turn = 0; left.length > 0; turn++) {
    left = left.filter((members) => turn < members.length)
    for (const members of left) ordered.push(members[turn] as NodeInfo)
  }
  return ordered
}
