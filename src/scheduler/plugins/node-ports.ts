import type { Rejection, SchedulerPlugin } from '../framework'

/** The wildcard address conflicts with every address of the same port. */
function conflicts(wanted: string, used: string): boolean {
  const [protocol, ip, port] = wanted.split('/')
  const [usedProtocol, usedIp, usedPort] = used.split('/')
  if (protocol !== usedProtocol || port !== usedPort) return false
  return ip === usedIp || ip === '0.0.0.0' || usedIp === '0.0.0.0'
}

const rejection: Rejection = {
  plugin: 'NodePorts',
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  unresolvable: false,
}

export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  events: ['NodeAdd', 'AssignedPodDelete'],
  filterStep({ hostPorts }) {
    if (hostPorts.length === 0) return undefined
    return {
      reject(node) {
        for (const used of node.hostPorts.keys()) {
          if (hostPorts.some((port) => conflicts(port, used))) return rejection
        }
        return undefined
      },
    }
  },
}
