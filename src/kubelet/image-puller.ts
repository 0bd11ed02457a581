import type { Container, Pod } from '../api/generated/core-v1'
import type { EventRecorder } from '../client/event-recorder'
import type { Cri, CriResult, ImageStatus } from '../runtime/cri'
import type { ProcessEnv } from '../sim/process'
import { Future, type Task } from '../sim/task'
import { Backoff, goMillis } from './backoff'
import type { WaitingReason } from './pod-view'

export type PullOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly waiting: WaitingReason; readonly retryAfter: number }

const cancelled: PullOutcome = {
  ok: false,
  waiting: {
    reason: 'ErrImagePull',
    message: 'rpc error: code = Canceled desc = context canceled',
  },
  retryAfter: 2_000_000,
}

/** Pulls one image at a time (serializeImagePulls), with the image manager's events. */
export class ImagePuller {
  readonly #env: ProcessEnv
  readonly #recorder: EventRecorder
  readonly #backoff = new Backoff()
  readonly #failures = new Map<string, { readonly at: number; readonly message: string }>()
  #busy: Future<true> | undefined

  constructor(env: ProcessEnv, recorder: EventRecorder) {
    this.#env = env
    this.#recorder = recorder
  }

  /** Sees to it that the image is here; when it cannot, says why and when to come back. */
  *ensure(
    cri: Cri,
    pod: Pod,
    container: Container,
    fieldPath: string,
    until: <T>(future: Future<T>) => Task<T | undefined>,
  ): Task<PullOutcome> {
    const image = container.image ?? ''
    const policy = pullPolicy(container)
    if (image === '' || /[A-Z]/.test(image.split(/[:@]/)[0] ?? '')) {
      return this.#invalid(pod, image, fieldPath)
    }
    const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#recorder.event(pod, type, reason, message, fieldPath)
    const present = cri.image(image) !== undefined
    if (policy !== 'Always' && present) {
      tell('Normal', 'Pulled', presentMessage(image))
      return { ok: true }
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      tell('Warning', 'ErrImageNeverPull', message)
      tell('Warning', 'Failed', 'Error: ErrImageNeverPull')
      return {
        ok: false,
        waiting: { reason: 'ErrImageNeverPull', message },
        retryAfter: 60_000_000,
      }
    }
    const key = `${pod.metadata.uid}_${image}`
    const failure = this.#failures.get(key)
    const remaining = failure ? this.#backoff.remaining(key, failure.at, this.#now()) : 0
    if (failure && remaining > 0) {
      tell('Normal', 'BackOff', `Back-off pulling image "${image}"`)
      tell('Warning', 'Failed', 'Error: ImagePullBackOff')
      const message = `Back-off pulling image "${image}": ErrImagePull: ${failure.message}`
      return { ok: false, waiting: { reason: 'ImagePullBackOff', message }, retryAfter: remaining }
    }
    return yield* this.#pull(cri, image, { policy, key, tell, until })
  }

  /** The runtime went away in the middle of a pull. */
  reset(): void {
    const busy = this.#busy
    this.#busy = undefined
    busy?.resolve(true)
  }

  forget(podUid: string): void {
    this.#backoff.forget(`${podUid}_`)
    for (const key of [...this.#failures.keys()]) {
      if (key.startsWith(`${podUid}_`)) this.#failures.delete(key)
    }
  }

  *#pull(
    cri: Cri,
    image: string,
    pull: {
      readonly policy: string
      readonly key: string
      readonly tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void
      readonly until: <T>(future: Future<T>) => Task<T | undefined>
    },
  ): Task<PullOutcome> {
    const { policy, key, tell, until } = pull
    const asked = this.#now()
    tell('Normal', 'Pulling', `Pulling image "${image}"`)
    while (this.#busy) {
      if (!(yield* until(this.#busy))) return cancelled
    }
    const turn = new Future<true>()
    this.#busy = turn
    const began = this.#now()
    const waited = policy !== 'Always' && began > asked ? cri.image(image) : undefined
    const pulling = new Future<CriResult<ImageStatus>>()
    if (waited) pulling.resolve({ ok: true, value: waited })
    else cri.pullImage(image).onDone((result) => pulling.resolve(result))
    pulling.onDone(() => {
      if (this.#busy === turn) this.#busy = undefined
      turn.resolve(true)
    })
    const pulled = yield* until(pulling)
    if (!pulled) return cancelled
    const now = this.#now()
    if (pulled.ok) {
      this.#failures.delete(key)
      const times = `${goMillis(now - began)} (${goMillis(now - asked)} including waiting)`
      const size = `Image size: ${pulled.value.sizeBytes} bytes.`
      tell('Normal', 'Pulled', `Successfully pulled image "${image}" in ${times}. ${size}`)
      return { ok: true }
    }
    const message = pulled.error
    tell('Warning', 'Failed', `Failed to pull image "${image}": ${message}`)
    tell('Warning', 'Failed', 'Error: ErrImagePull')
    this.#backoff.next(key, this.#failures.get(key)?.at ?? now, now)
    this.#failures.set(key, { at: now, message })
    return { ok: false, waiting: { reason: 'ErrImagePull', message }, retryAfter: 2_000_000 }
  }

  #invalid(pod: Pod, image: string, fieldPath: string): PullOutcome {
    const why = `couldn't parse image name "${image}": invalid reference format`
    const message = `Failed to apply default image tag "${image}": ${why}`
    this.#recorder.event(pod, 'Warning', 'InspectFailed', message, fieldPath)
    this.#recorder.event(pod, 'Warning', 'Failed', 'Error: InvalidImageName', fieldPath)
    return { ok: false, waiting: { reason: 'InvalidImageName', message }, retryAfter: 60_000_000 }
  }

  #now(): number {
    return this.#env.clock.monotonic()
  }
}

/** The API server fills it in; for manifests from elsewhere the same rule. */
function pullPolicy(container: Container): string {
  if (container.imagePullPolicy) return container.imagePullPolicy
  const image = container.image ?? ''
  const tag = /:([^/:]+)$/.exec(image)?.[1]
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function presentMessage(image: string): string {
  return `Container image "${image}" already present on machine and can be accessed by the pod`
}
