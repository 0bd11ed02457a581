import type { ConfigMap, Container, Pod, Secret } from '../api/generated/core-v1'
import type { ResourceRef } from '../api/object'
import { CONFIGMAPS, SECRETS } from '../api/resources'
import type { ContainerStatus, Cri, CriResult, SandboxStatus } from '../runtime/cri'
import { type Future, type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import { goSeconds } from './backoff'
import { configRefs, containerConfig, containerEnv } from './container-config'
import { runHook } from './hooks'
import type { PodContext } from './pod-context'
import { initContainersOf, latestContainer, type WaitingReason } from './pod-view'
import type { MountedFiles } from './volumes'

export type StartOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly waiting: WaitingReason | undefined
      readonly retryAfter: Micros
    }

/** Waits for a pull unless the pod's work is interrupted; then undefined. Short calls run through. */
export type Interruptible = <T>(future: Future<T>) => Task<T | undefined>

const retryAfterError: Micros = seconds(10)
const interrupted: StartOutcome = { ok: false, waiting: undefined, retryAfter: retryAfterError }

/** `spec.containers{web}`: how events point at a container. */
export function fieldPathOf(pod: Pod, container: Container): string {
  const init = initContainersOf(pod).some((c) => c.name === container.name)
  return `spec.${init ? 'initContainers' : 'containers'}{${container.name}}`
}

/** No Kubernetes event: how this laboratory marks a program that it does not know. */
function simulatedText(container: Container): string {
  return `No program of image "${container.image}" is known here: a generic server runs in its place`
}

/** Starts one container: back-off, image, configuration, create, start, postStart. */
export class ContainerStarter {
  readonly #context: PodContext
  /** Containers whose back-off was already told of, by id of the one that ended. */
  readonly #told = new Map<string, string>()

  constructor(context: PodContext) {
    this.#context = context
  }

  *start(
    cri: Cri,
    pod: Pod,
    container: Container,
    sandbox: SandboxStatus,
    files: MountedFiles,
    until: Interruptible,
  ): Task<StartOutcome> {
    const { recorder, puller, runtime } = this.#context
    const path = fieldPathOf(pod, container)
    const last = latestContainer(cri.pod(pod.metadata.uid ?? ''), container.name)
    const held = last && this.#backOff(pod, container, last, path)
    if (held) return held
    const pulled = yield* puller.ensure(cri, pod, container, path, until)
    if (!pulled.ok) return pulled
    const fail = (reason: string, message: string): StartOutcome => {
      recorder.event(pod, 'Warning', 'Failed', `Error: ${message}`, path)
      return { ok: false, waiting: { reason, message }, retryAfter: retryAfterError }
    }
    const env = yield* this.#environment(pod, container, sandbox)
    if (!env.ok) return fail('CreateContainerConfigError', env.error)
    const attempt = last ? last.config.attempt + 1 : 0
    const mounted = files(container)
    const config = containerConfig(pod, container, attempt, env.env, mounted)
    const created = yield* runtime.guard(cri.createContainer(sandbox.id, config))
    if (!created) return interrupted
    if (!created.ok) return fail('CreateContainerError', created.error)
    this.#prune(cri, pod, container)
    recorder.event(pod, 'Normal', 'Created', 'Container created', path)
    if (created.value.generic && attempt === 0) {
      recorder.event(pod, 'Normal', 'Simulated', simulatedText(container), path)
    }
    const started: CriResult<undefined> | undefined = yield* runtime.guard(
      cri.startContainer(created.value.id),
    )
    if (!started) return interrupted
    if (!started.ok) return fail('RunContainerError', started.error)
    recorder.event(pod, 'Normal', 'Started', 'Container started', path)
    return yield* this.#postStart(cri, pod, container, created.value, path)
  }

  #backOff(
    pod: Pod,
    container: Container,
    last: ContainerStatus,
    path: string,
  ): StartOutcome | undefined {
    if (last.state !== 'exited') return undefined
    const { crashes, env, recorder } = this.#context
    const { uid, name, namespace } = pod.metadata
    const key = `${uid}_${container.name}`
    const now = env.clock.wall()
    const remaining = crashes.remaining(key, last.finishedAt, now)
    if (remaining <= 0) {
      crashes.next(key, last.finishedAt, now)
      return undefined
    }
    const where = `container=${container.name} pod=${name}_${namespace}(${uid})`
    if (this.#told.get(container.name) !== last.id) {
      this.#told.set(container.name, last.id)
      const text = `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`
      recorder.event(pod, 'Warning', 'BackOff', text, path)
    }
    const message = `back-off ${goSeconds(crashes.delay(key))} restarting failed ${where}`
    return {
      ok: false,
      waiting: { reason: 'CrashLoopBackOff', message },
      retryAfter: remaining,
    }
  }

  *#environment(pod: Pod, container: Container, sandbox: SandboxStatus) {
    const refs = configRefs(container)
    const { options } = this.#context
    const place = { podIp: sandbox.ip, hostIp: options.ip, nodeName: options.nodeName }
    const configMaps = yield* this.#fetch<ConfigMap>(CONFIGMAPS, pod, refs.configMaps)
    const secrets = yield* this.#fetch<Secret>(SECRETS, pod, refs.secrets)
    return containerEnv(pod, container, { configMaps, secrets }, place)
  }

  *#fetch<T extends ConfigMap | Secret>(
    ref: ResourceRef<T>,
    pod: Pod,
    names: readonly string[],
  ): Task<Map<string, T>> {
    const found = new Map<string, T>()
    for (const name of names) {
      const where = { namespace: pod.metadata.namespace, name }
      const result = yield* this.#context.client.get(ref, where, '0')
      if (result.ok) found.set(name, result.value)
    }
    return found
  }

  /** The newest exited container of a name is kept for its last state; older ones go. */
  #prune(cri: Cri, pod: Pod, container: Container): void {
    const { containers } = cri.pod(pod.metadata.uid ?? '')
    const own = containers.filter((status) => status.config.name === container.name)
    for (const old of own.slice(0, -2)) cri.removeContainer(old.id)
  }

  *#postStart(
    cri: Cri,
    pod: Pod,
    container: Container,
    status: ContainerStatus,
    path: string,
  ): Task<StartOutcome> {
    const hook = container.lifecycle?.postStart
    if (!hook) return { ok: true }
    const { env, recorder } = this.#context
    const outcome = yield* runHook(env, cri, container, status, hook)
    if (outcome.ok) return { ok: true }
    recorder.event(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', path)
    const grace = seconds(pod.spec?.terminationGracePeriodSeconds ?? 30)
    recorder.event(pod, 'Normal', 'Killing', 'FailedPostStartHook', path)
    yield* wait(cri.stopContainer(status.id, grace))
    const waiting = { reason: 'PostStartHookError', message: outcome.message }
    return { ok: false, waiting, retryAfter: retryAfterError }
  }
}
