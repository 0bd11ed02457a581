import type { Container, LifecycleHandler } from '../api/generated/core-v1'
import type { ContainerStatus, Cri } from '../runtime/cri'
import type { ProcessEnv } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { type Micros, minutes, seconds } from '../sim/time'
import { portNumber } from './probe-handler'

const httpTimeout: Micros = minutes(1)
const execTimeout: Micros = minutes(60)

export interface HookOutcome {
  readonly ok: boolean
  readonly message: string
}

/** Runs a postStart or preStop handler to its end. */
export function* runHook(
  env: ProcessEnv,
  cri: Cri,
  container: Container,
  status: ContainerStatus,
  hook: LifecycleHandler,
): Task<HookOutcome> {
  if (hook.sleep) {
    yield* wait(env.clock.sleep(seconds(hook.sleep.seconds), 'kubelet.hook'))
    return { ok: true, message: '' }
  }
  if (hook.exec) {
    const command = hook.exec.command ?? []
    const { exitCode, output } = yield* wait(cri.exec(status.id, command, execTimeout))
    if (exitCode === 0) return { ok: true, message: '' }
    const text = `command '${command.join(' ')}' exited with ${exitCode}: ${output}`
    return { ok: false, message: text }
  }
  if (hook.httpGet) {
    const port = portNumber(hook.httpGet.port, container)
    const path = hook.httpGet.path ?? '/'
    const request = { method: 'GET', path, host: hook.httpGet.host ?? '' }
    const answer = yield* wait(cri.http(status.sandboxId, port, request, httpTimeout))
    if (answer.ok) return { ok: answer.status < 400, message: `HTTP ${answer.status}` }
    return { ok: false, message: `Get "http://:${port}${path}": ${answer.error}` }
  }
  return { ok: true, message: '' }
}
