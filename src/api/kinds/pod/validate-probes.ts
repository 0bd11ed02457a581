import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '../../generated/core-v1'
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { isHTTPHeaderName } from '../../machinery/names'
import { checkAll, checkNonNegative, checkPort, checkPortNumberOrName } from '../checks'

type Handler = LifecycleHandler & Probe
type HandlerKey = 'exec' | 'httpGet' | 'tcpSocket' | 'grpc' | 'sleep'

const PROBE_HANDLERS: readonly HandlerKey[] = ['exec', 'httpGet', 'tcpSocket', 'grpc']
const LIFECYCLE_HANDLERS: readonly HandlerKey[] = ['exec', 'httpGet', 'tcpSocket', 'sleep']
const SCHEMES = ['HTTP', 'HTTPS']

/** The three probes of a container or sidecar. */
export function validateProbes(
  container: {
    readonly livenessProbe?: Probe
    readonly readinessProbe?: Probe
    readonly startupProbe?: Probe
  },
  path: Path,
  errors: FieldError[],
): void {
  const { livenessProbe, readinessProbe, startupProbe } = container
  if (livenessProbe) {
    const at = path.child('livenessProbe')
    validateProbe(livenessProbe, at, errors)
    needOneSuccess(livenessProbe, at, errors)
  }
  if (readinessProbe) {
    const at = path.child('readinessProbe')
    validateProbe(readinessProbe, at, errors)
    if (readinessProbe.terminationGracePeriodSeconds !== undefined) {
      const value = readinessProbe.terminationGracePeriodSeconds
      const detail = 'must not be set for readinessProbes'
      errors.push(invalid(at.child('terminationGracePeriodSeconds'), value, detail))
    }
  }
  if (startupProbe) {
    const at = path.child('startupProbe')
    validateProbe(startupProbe, at, errors)
    needOneSuccess(startupProbe, at, errors)
  }
}

/** Hooks; `gracePeriodSeconds` is the pod's. */
export function validateLifecycle(
  lifecycle: Lifecycle,
  gracePeriodSeconds: number | undefined,
  path: Path,
  errors: FieldError[],
): void {
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = lifecycle[hook]
    if (!handler) continue
    const at = path.child(hook)
    validateHandler(handler as Handler, LIFECYCLE_HANDLERS, gracePeriodSeconds, at, errors)
  }
}

function validateProbe(probe: Probe, path: Path, errors: FieldError[]): void {
  validateHandler(probe as Handler, PROBE_HANDLERS, undefined, path, errors)
  checkNonNegative(probe.initialDelaySeconds, path, 'initialDelaySeconds', errors)
  checkNonNegative(probe.timeoutSeconds, path, 'timeoutSeconds', errors)
  checkNonNegative(probe.periodSeconds, path, 'periodSeconds', errors)
  checkNonNegative(probe.successThreshold, path, 'successThreshold', errors)
  checkNonNegative(probe.failureThreshold, path, 'failureThreshold', errors)
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) {
    const at = path.child('terminationGracePeriodSeconds')
    errors.push(invalid(at, grace, 'must be greater than 0'))
  }
}

function needOneSuccess(probe: Probe, path: Path, errors: FieldError[]): void {
  if (probe.successThreshold === 1) return
  errors.push(invalid(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'))
}

function validateHandler(
  handler: Handler,
  kinds: readonly HandlerKey[],
  gracePeriodSeconds: number | undefined,
  path: Path,
  errors: FieldError[],
): void {
  let seen = false
  for (const kind of kinds) {
    if (handler[kind] === undefined) continue
    const at = path.child(kind)
    if (seen) errors.push(forbidden(at, 'may not specify more than 1 handler type'))
    else validateAction(handler, kind, gracePeriodSeconds, at, errors)
    seen = true
  }
  if (!seen) errors.push(required(path, 'must specify a handler type'))
}

function validateAction(
  handler: Handler,
  kind: HandlerKey,
  gracePeriodSeconds: number | undefined,
  path: Path,
  errors: FieldError[],
): void {
  switch (kind) {
    case 'exec':
      if (!handler.exec!.command?.length) errors.push(required(path.child('command')))
      return
    case 'httpGet':
      validateHttpGet(handler.httpGet!, path, errors)
      return
    case 'tcpSocket':
      checkPortNumberOrName(handler.tcpSocket!.port, path.child('port'), errors)
      return
    case 'grpc':
      checkPort(handler.grpc!.port, path.child('port'), errors)
      return
    case 'sleep': {
      const seconds = handler.sleep!.seconds ?? 0
      if (gracePeriodSeconds === undefined) return
      if (seconds >= 0 && seconds <= gracePeriodSeconds) return
      const detail = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriodSeconds})`
      errors.push(invalid(path, seconds, detail))
    }
  }
}

function validateHttpGet(action: HTTPGetAction, path: Path, errors: FieldError[]): void {
  if (!action.path) errors.push(required(path.child('path')))
  checkPortNumberOrName(action.port, path.child('port'), errors)
  if (!SCHEMES.includes(action.scheme ?? '')) {
    errors.push(notSupported(path.child('scheme'), action.scheme ?? '', SCHEMES))
  }
  for (const header of action.httpHeaders ?? []) {
    const name = header.name ?? ''
    checkAll(isHTTPHeaderName(name), name, path.child('httpHeaders'), errors)
  }
}
