import { type Cidr, parseCidr, parseIpv4 } from '../api/machinery/ipv4'

interface Route {
  readonly cidrs: readonly Cidr[]
  readonly machineIp: string
}

/** Where other nodes' pods are: pod range → machine, and nodes by name. */
export class RouteTable {
  readonly #byNode = new Map<string, Route>()
  readonly #bySize = new Map<number, Map<number, string>>()

  set(node: string, machineIp: string, podCidrs: readonly string[]): void {
    this.delete(node)
    const cidrs = podCidrs.map(parseCidr).filter((cidr) => cidr !== undefined)
    this.#byNode.set(node, { cidrs, machineIp })
    for (const { size, first } of cidrs) {
      let bases = this.#bySize.get(size)
      if (!bases) {
        bases = new Map()
        this.#bySize.set(size, bases)
      }
      bases.set(first, machineIp)
    }
  }

  delete(node: string): void {
    for (const { size, first } of this.#byNode.get(node)?.cidrs ?? []) {
      this.#bySize.get(size)?.delete(first)
    }
    this.#byNode.delete(node)
  }

  nodes(): string[] {
    return [...this.#byNode.keys()]
  }

  /** The machine's address of a node. */
  nodeIp(node: string): string | undefined {
    return this.#byNode.get(node)?.machineIp
  }

  hasMachine(ip: string): boolean {
    for (const { machineIp } of this.#byNode.values()) if (machineIp === ip) return true
    return false
  }

  /** The machine behind which a pod address lies. */
  machineOf(ip: string): string | undefined {
    const value = parseIpv4(ip)
    if (value === undefined) return undefined
    for (const [size, bases] of this.#bySize) {
      const machine = bases.get(Math.floor(value / size) * size)
      if (machine !== undefined) return machine
    }
    return undefined
  }

  list(): { readonly node: string; readonly machineIp: string }[] {
    return [...this.#byNode].map(([node, { machineIp }]) => ({ node, machineIp }))
  }
}
