import type { SchedulerPlugin } from '../framework'

/** The wildcard address conflicts with every address of the same port. */
function conflicts(wanted: string, used: string): boolean {
  const [protocol, ip, port] = wanted.split('/')
  const [usedProtocol, usedIp, usedPort] = used.split('/')
  if (protocol !== usedProtocol || port !== usedPort) return false
  return ip === usedIp || ip === '0.0.0.0' || usedIp === '0.0.0.0'
}

export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  events: ['NodeAdd', 'AssignedPodDelete'],
  filter({ hostPorts }, node) {
    if (hostPorts.length === 0 || node.hostPorts.size === 0) return undefined
    const used = [...node.hostPorts.keys()]
    if (!hostPorts.some((port) => used.some((other) => conflicts(port, other)))) return undefined
    const reasons = ["node(s) didn't have free ports for the requested pod ports"]
    return { plugin: 'NodePorts', reasons, unresolvable: false }
  },
}
