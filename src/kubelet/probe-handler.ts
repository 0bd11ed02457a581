import type { Container, Probe } from '../api/generated/core-v1'
import type { ContainerStatus, Cri, ExecResult, PodHttpResult } from '../runtime/cri'
import { Future } from '../sim/task'
import { type Micros, seconds } from '../sim/time'

export interface ProbeOutcome {
  readonly ok: boolean
  readonly message: string
}

/** Where a probe goes: the container and the pod's address. */
export interface ProbeTarget {
  readonly cri: Cri
  readonly container: Container
  readonly status: ContainerStatus
  readonly podIp: string
}

const outputMax = 10 * 1024

/** Runs one probe of the kubelet's prober, with its messages. */
export function runProbe(probe: Probe, target: ProbeTarget): Future<ProbeOutcome> {
  const timeout = seconds(probe.timeoutSeconds ?? 1)
  if (probe.exec) return execProbe(probe.exec.command ?? [], target, timeout)
  if (probe.httpGet) return httpProbe(probe.httpGet, target, timeout)
  const port = probe.tcpSocket?.port ?? probe.grpc?.port ?? 0
  return tcpProbe(portNumber(port, target.container), target, probe.grpc !== undefined)
}

function execProbe(
  command: readonly string[],
  target: ProbeTarget,
  timeout: Micros,
): Future<ProbeOutcome> {
  const { cri, status } = target
  return mapped(cri.exec(status.id, command, timeout), ({ exitCode, output }: ExecResult) => {
    if (exitCode === 124 && output === '') {
      const text = `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeout / 1_000_000}s`
      return { ok: false, message: text }
    }
    return { ok: exitCode === 0, message: output.slice(0, outputMax) }
  })
}

function httpProbe(
  action: NonNullable<Probe['httpGet']>,
  target: ProbeTarget,
  timeout: Micros,
): Future<ProbeOutcome> {
  const port = portNumber(action.port, target.container)
  const host = action.host || target.podIp
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const url = `${scheme}://${host}:${port}${path}`
  const request = { method: 'GET', path, host: `${host}:${port}` }
  const answer = target.cri.http(target.status.sandboxId, port, request, timeout)
  return mapped(answer, (result: PodHttpResult) => {
    if (result.ok) {
      if (result.status >= 200 && result.status < 400) return { ok: true, message: result.body }
      return { ok: false, message: `HTTP probe failed with statuscode: ${result.status}` }
    }
    const why =
      result.error === 'refused'
        ? `dial tcp ${host}:${port}: connect: connection refused`
        : 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    return { ok: false, message: `Get "${url}": ${why}` }
  })
}

function tcpProbe(port: number, target: ProbeTarget, grpc: boolean): Future<ProbeOutcome> {
  const result = new Future<ProbeOutcome>()
  const ok = target.cri.connect(target.status.sandboxId, port) === 'open'
  const address = `${target.podIp}:${port}`
  const refused = grpc
    ? `timeout: failed to connect service "${address}" within 1s: context deadline exceeded`
    : `dial tcp ${address}: connect: connection refused`
  result.resolve({ ok, message: ok ? '' : refused })
  return result
}

/** A port by number or by the name the container gave it; 0 when there is none. */
export function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port
  if (/^\d+$/.test(port)) return Number(port)
  return container.ports?.find((declared) => declared.name === port)?.containerPort ?? 0
}

function mapped<A, B>(future: Future<A>, change: (value: A) => B): Future<B> {
  const result = new Future<B>()
  future.onDone((value) => result.resolve(change(value)))
  return result
}
