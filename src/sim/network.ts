import type { Future } from './task'
import type { Micros } from './time'

/** Where a message comes from. */
export interface Peer {
  readonly machine: string
  readonly process: string
  readonly ip: string
}

export type CallFailure = 'refused' | 'reset' | 'timeout' | 'no route'

export type CallResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: CallFailure }

/** One end of an ordered, reliable stream of messages. Nothing arrives after `onClose`. */
export interface StreamEnd {
  readonly peer: Peer
  readonly open: boolean
  send(message: unknown): void
  /** Says farewell to the other end; this end's `onClose` is not called. */
  close(): void
  onMessage: ((message: unknown) => void) | undefined
  /** `closed`: the peer said farewell; `reset`: its process is gone; `timeout`: it fell silent. */
  onClose: ((reason: 'closed' | CallFailure) => void) | undefined
}

export interface Service {
  onDatagram?(message: unknown, peer: Peer): void
  /** `reply` may be called later, once. A server that dies before answering resets the call. */
  onCall?(request: unknown, reply: (response: unknown) => void, peer: Peer): void
  onStream?(request: unknown, stream: StreamEnd, peer: Peer): void
}

/**
 * A machine's network card. An address is `host:port`; the host is a machine's name, its IP, or
 * `localhost`. Messages are frozen data, handed over by reference. Wires keep the order of what is
 * sent between two machines. A cut wire or a dead machine is silence, found out by time-outs only.
 */
export interface Network {
  listen(port: number, service: Service): void
  unlisten(port: number): void
  /** Sent once; lost when the wire loses or cuts it. */
  send(to: string, message: unknown, kind?: string): void
  /** Request and answer over a reliable connection: retransmitted until `timeout`. */
  call(to: string, request: unknown, timeout: Micros, kind?: string): Future<CallResult>
  stream(to: string, request: unknown, kind?: string): StreamEnd
}

/** What is wrong with a one-way wire. */
export interface LinkFault {
  readonly cut?: boolean
  /** Added to every message's latency. */
  readonly extraLatencyMicros?: Micros
  readonly lossPermille?: number
}
