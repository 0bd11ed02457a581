import type { Destination, ServiceName, ServiceRules } from './rules'

/** The node's service rules, kept by service so that one change touches one service. */
export class RuleTable {
  readonly #services = new Map<string, ServiceRules>()
  readonly #addresses = new Map<string, Destination>()
  readonly #nodePorts = new Map<number, Destination>()
  /** `service:port|client` → the backend it stays with. */
  readonly affinity = new Map<string, { readonly backend: string; readonly until: number }>()

  set(service: string, rules: ServiceRules): void {
    this.delete(service)
    this.#services.set(service, rules)
    for (const [address, destination] of rules.internal) this.#addresses.set(address, destination)
    for (const [address, destination] of rules.external) this.#addresses.set(address, destination)
    for (const [port, destination] of rules.nodePorts) this.#nodePorts.set(port, destination)
  }

  delete(service: string): void {
    const old = this.#services.get(service)
    if (!old) return
    this.#services.delete(service)
    const own = (d: Destination | undefined) => d?.service === service
    for (const [address] of [...old.internal, ...old.external]) {
      if (own(this.#addresses.get(address))) this.#addresses.delete(address)
    }
    for (const [port] of old.nodePorts) {
      if (own(this.#nodePorts.get(port))) this.#nodePorts.delete(port)
    }
  }

  services(): string[] {
    return [...this.#services.keys()]
  }

  /** Rules for a service's own address. */
  byAddress(ip: string, port: number): Destination | undefined {
    return this.#addresses.get(`${ip}:${port}`)
  }

  byNodePort(port: number): Destination | undefined {
    return this.#nodePorts.get(port)
  }

  /** What `namespace/name` resolves to. */
  name(service: string): ServiceName | undefined {
    return this.#services.get(service)?.name
  }

  /** The table as data. */
  list(): { readonly service: string; readonly rules: ServiceRules }[] {
    return [...this.#services].map(([service, rules]) => ({ service, rules }))
  }
}
