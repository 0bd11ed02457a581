import type { Container, Probe } from '../api/generated/core-v1'
import type { Clock, Timer } from '../sim/process'
import { seconds } from '../sim/time'
import type { ProbeState } from './pod-view'
import { type ProbeOutcome, type ProbeTarget, runProbe } from './probe-handler'

type ProbeKind = 'Startup' | 'Liveness' | 'Readiness'

export interface ProbeListener {
  /** Started, ready or unhealthy changed. */
  changed(): void
  /** One probe failed: the text of the Unhealthy event. */
  failed(message: string): void
}

/**
 * The probes of one running container. Each runs on its own timer, nothing else happens between
 * them; a container without probes costs nothing.
 */
export class ContainerProbes {
  readonly #clock: Clock
  readonly #target: ProbeTarget
  readonly #listener: ProbeListener
  readonly #timers = new Map<ProbeKind, Timer>()
  readonly #streaks = new Map<ProbeKind, { ok: boolean; length: number }>()
  #state: ProbeState
  #stopped = false

  constructor(clock: Clock, target: ProbeTarget, listener: ProbeListener, wasReady: boolean) {
    this.#clock = clock
    this.#target = target
    this.#listener = listener
    const { startupProbe, readinessProbe } = target.container
    this.#state = {
      started: startupProbe === undefined || wasReady,
      ready: startupProbe || readinessProbe ? wasReady : true,
      unhealthy: undefined,
    }
    if (startupProbe && !wasReady) this.#begin('Startup', startupProbe)
    else this.#beginOthers(target.container)
  }

  get state(): ProbeState {
    return this.#state
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  #beginOthers(container: Container): void {
    if (container.livenessProbe) this.#begin('Liveness', container.livenessProbe)
    if (container.readinessProbe) this.#begin('Readiness', container.readinessProbe)
    else if (!this.#state.ready) this.#set({ ready: true })
  }

  #begin(kind: ProbeKind, probe: Probe): void {
    const age = this.#clock.wall() - this.#target.status.startedAt
    const delay = Math.max(0, seconds(probe.initialDelaySeconds ?? 0) - age)
    this.#schedule(kind, probe, delay)
  }

  #schedule(kind: ProbeKind, probe: Probe, delay: number): void {
    const timer = this.#clock.after(delay, () => this.#run(kind, probe), 'kubelet.probe')
    this.#timers.set(kind, timer)
  }

  #run(kind: ProbeKind, probe: Probe): void {
    const began = this.#clock.monotonic()
    runProbe(probe, this.#target).onDone((outcome) => {
      if (this.#stopped) return
      this.#take(kind, probe, outcome)
      if (this.#stopped || !this.#wants(kind)) return
      const took = this.#clock.monotonic() - began
      this.#schedule(kind, probe, Math.max(0, seconds(probe.periodSeconds ?? 10) - took))
    })
  }

  #wants(kind: ProbeKind): boolean {
    if (this.#state.unhealthy) return kind === 'Readiness'
    return kind !== 'Startup' || !this.#state.started
  }

  #take(kind: ProbeKind, probe: Probe, outcome: ProbeOutcome): void {
    const before = this.#streaks.get(kind)
    const length = before?.ok === outcome.ok ? before.length + 1 : 1
    this.#streaks.set(kind, { ok: outcome.ok, length })
    if (!outcome.ok) this.#listener.failed(`${kind} probe failed: ${outcome.message}`)
    if (outcome.ok && length >= (probe.successThreshold ?? 1)) this.#succeed(kind)
    if (!outcome.ok && length >= (probe.failureThreshold ?? 3)) this.#fail(kind)
  }

  #succeed(kind: ProbeKind): void {
    if (kind === 'Readiness') this.#set({ ready: true })
    if (kind !== 'Startup') return
    this.#set({ started: true })
    this.#beginOthers(this.#target.container)
  }

  #fail(kind: ProbeKind): void {
    if (kind === 'Readiness') this.#set({ ready: false })
    else this.#set({ unhealthy: kind === 'Liveness' ? 'liveness' : 'startup' })
  }

  #set(change: Partial<ProbeState>): void {
    const next = { ...this.#state, ...change }
    const { started, ready, unhealthy } = this.#state
    if (next.started === started && next.ready === ready && next.unhealthy === unhealthy) return
    this.#state = next
    this.#listener.changed()
  }
}
