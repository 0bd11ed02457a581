import type { MachineHost } from '../sim/process'
import { RouteTable } from './route-table'
import { RuleTable } from './rule-table'

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly source?: string
}

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** What is behind a pod's address. The shape is the runtime's own (see its pod network). */
export interface PodPort {
  readonly namespace: string
  readonly name: string
  listens(port: number): boolean
  /** Undefined: connected, but no HTTP is spoken. */
  answer(port: number, request: HttpRequest): HttpAnswer | undefined
}

/**
 * The network state of a machine's kernel: it survives the processes that wrote it and is lost with
 * the machine's power.
 */
export interface KernelNetwork {
  /** Pods in the pod network, by address. */
  readonly pods: Map<string, PodPort>
  /** Pods that share the machine's own network, by sandbox. */
  readonly hostPods: Map<string, PodPort>
  /** Ports of the machine that lead to a pod. */
  readonly hostPorts: Map<number, { readonly ip: string; readonly port: number }>
  readonly rules: RuleTable
  readonly routes: RouteTable
}

const stateName = 'network'

export function kernelNetwork(host: MachineHost): KernelNetwork {
  let state = host.kernelState.get(stateName) as KernelNetwork | undefined
  if (!state) {
    state = {
      pods: new Map(),
      hostPods: new Map(),
      hostPorts: new Map(),
      rules: new RuleTable(),
      routes: new RouteTable(),
    }
    host.kernelState.set(stateName, state)
  }
  return state
}
