import type { ConfigMap } from '../../api/generated/core-v1'
import { CONFIGMAPS } from '../../api/resources'
import { ApiClient } from '../../client/api-client'
import type { ApiError, Result } from '../../client/request'
import { apiServerPort } from '../../client/wire'
import { balancerName } from '../../cluster/addresses'
import { administrator } from '../../cluster/outside'
import type { Process, ProcessEnv } from '../../sim/process'
import { type Task, wait } from '../../sim/task'
import { type Micros, millis, seconds } from '../../sim/time'
import type { Ledger } from '../checkers/ledger'
import { checkHistory } from '../porcupine/check'
import {
  type RegisterOperation,
  type RegisterOutput,
  type RegisterValue,
  registers,
} from '../porcupine/register'

const workers = 4
const keys = 2
const budgetMs = 2_000
/** After an operation whose outcome is unknown: each of them doubles what a checker must try. */
const pauseAfterUnknown: Micros = seconds(4)

/**
 * ConfigMaps used as registers through every API server and the balancer: M7 and A7 demand that
 * reads, writes and updates by resourceVersion are linearizable, A3 that no update is lost.
 */
export class Registers implements Process {
  readonly #env: ProcessEnv
  readonly #servers: readonly string[]
  readonly #ledger: Ledger
  readonly history: RegisterOperation[] = []
  #running = true

  constructor(env: ProcessEnv, masters: readonly string[], ledger: Ledger) {
    this.#env = env
    this.#servers = [balancerName, ...masters]
    this.#ledger = ledger
  }

  start(): void {
    for (let worker = 0; worker < workers; worker++) this.#env.spawn(this.#work(worker))
  }

  /** No further operations. */
  end(): void {
    this.#running = false
  }

  conclude(): void {
    const { result, where = '' } = checkHistory(registers, this.history, budgetMs)
    const what = () => `registers are not linearizable: ${where}`
    this.#ledger.demand(result !== 'not linearizable', 'M7', what)
  }

  *#work(worker: number): Task<void> {
    const { random, clock } = this.#env
    for (let i = 0; this.#running; i++) {
      const server = this.#servers[random.below(this.#servers.length)]
      const client = new ApiClient(this.#env, {
        server: `${server}:${apiServerPort}`,
        identity: administrator,
        userAgent: 'registers',
        timeout: seconds(10),
      })
      const key = `register-${random.below(keys)}`
      const value = `${worker}.${i}`
      const dice = random.below(10)
      if (dice < 5) yield* this.#read(client, key)
      else if (dice < 8) yield* this.#write(client, key, value)
      else yield* this.#swap(client, key, value)
      yield* wait(clock.sleep(millis(100 + random.below(400))))
    }
  }

  *#read(client: ApiClient, key: string): Task<ConfigMap | undefined> {
    const call = this.#env.clock.monotonic()
    const found = yield* client.get(CONFIGMAPS, { namespace: 'default', name: key })
    if (!found.ok && found.error.code !== 404) return undefined
    const value = found.ok ? registerValue(found.value) : null
    const end = this.#env.clock.monotonic()
    this.history.push({ call, end, input: { key, type: 'read' }, output: { type: 'ok', value } })
    return found.ok ? found.value : undefined
  }

  *#write(client: ApiClient, key: string, value: string): Task<void> {
    const call = this.#env.clock.monotonic()
    const where = { namespace: 'default', name: key }
    const body = { data: { value } }
    let written: Result<ConfigMap> = yield* client.patch(CONFIGMAPS, where, 'merge', body)
    if (!written.ok && written.error.code === 404) {
      written = yield* client.create(CONFIGMAPS, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: where,
        ...body,
      })
    }
    const output = outputOf(written)
    if (output.type !== 'refused') {
      yield* this.#record(call, { key, type: 'write', value }, output)
    }
  }

  *#swap(client: ApiClient, key: string, value: string): Task<void> {
    const found = yield* this.#read(client, key)
    if (!found) return
    const call = this.#env.clock.monotonic()
    const updated = yield* client.update(CONFIGMAPS, { ...found, data: { value } })
    const output = outputOf(updated)
    if (output.type === 'refused') {
      if (!updated.ok && updated.error.code !== 409) return
      this.#ledger.sometimes('a compare-and-swap was refused (409)')
    }
    const input = { key, type: 'cas', expected: registerValue(found), value } as const
    yield* this.#record(call, input, output)
  }

  *#record(call: Micros, input: RegisterOperation['input'], output: RegisterOutput): Task<void> {
    const unknown = output.type === 'unknown'
    const end = unknown ? Number.POSITIVE_INFINITY : this.#env.clock.monotonic()
    this.history.push({ call, end, input, output })
    if (!unknown) return
    this.#ledger.sometimes('a register write had an unknown outcome')
    yield* wait(this.#env.clock.sleep(pauseAfterUnknown))
  }
}

const registerValue = ({ data }: ConfigMap): RegisterValue =>
  (data as { readonly value?: string } | undefined)?.value ?? null

function outputOf(result: Result<unknown>): RegisterOutput {
  if (result.ok) return { type: 'ok' }
  return { type: isUnknown(result.error) ? 'unknown' : 'refused' }
}

/** No answer, or one that does not say whether it was done. */
const isUnknown = ({ code }: ApiError): boolean => code === 0 || code >= 500
