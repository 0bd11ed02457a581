import type { APIResourceList } from '../../../api/generated/meta-v1'
import type { ResourceRef } from '../../../api/object'
import type { ApiResponse } from '../../../client/request'
import type { Transport } from '../../../client/transport'

export type Mapping =
  | { readonly found: 'resource'; readonly resource: ResourceRef }
  | { readonly found: 'nothing' }
  | { readonly found: 'failure'; readonly answer: ApiResponse }

/** Finds the resource of a kind by asking the server, once per group and version. */
export class Discovery {
  readonly #transport: Transport
  readonly #lists = new Map<string, APIResourceList>()

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async map(apiVersion: string, kind: string): Promise<Mapping> {
    let list = this.#lists.get(apiVersion)
    if (!list) {
      const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
      const answer = await this.#transport.send<APIResourceList>({ method: 'GET', path })
      if (answer.status === 404) return { found: 'nothing' }
      if (answer.status !== 200) return { found: 'failure', answer }
      list = answer.body as APIResourceList
      this.#lists.set(apiVersion, list)
    }
    const entry = list.resources.find((r) => r.kind === kind && !r.name.includes('/'))
    if (!entry) return { found: 'nothing' }
    const slash = apiVersion.indexOf('/')
    const resource: ResourceRef = {
      group: slash < 0 ? '' : apiVersion.slice(0, slash),
      version: apiVersion.slice(slash + 1),
      resource: entry.name,
      kind,
      namespaced: entry.namespaced,
    }
    return { found: 'resource', resource }
  }
}
