import type { ParsedManifest, TextRange } from './parse-manifest'

export interface Place {
  readonly document: number
  readonly path: readonly (string | number)[]
}

/** What the worker is asked. `locate` speaks of the text parsed last. */
export interface ManifestRequest {
  readonly id: number
  readonly ask:
    | { readonly type: 'parse'; readonly text: string }
    | { readonly type: 'locate'; readonly places: readonly Place[] }
}

export interface ManifestReply {
  readonly id: number
  readonly answer: ParsedManifest | readonly (TextRange | undefined)[]
}

const PATIENCE_MS = 15_000

/** YAML is read in a worker, so that no text can freeze the page. A stuck worker is replaced. */
export class ManifestClient {
  #worker: Worker | undefined
  #next = 1
  readonly #waiting = new Map<number, (answer: ManifestReply['answer'] | undefined) => void>()

  async parse(text: string): Promise<ParsedManifest> {
    const answer = await this.#ask({ type: 'parse', text })
    if (answer && 'documents' in answer) return answer
    const message = 'The manifest could not be read: reading it took too long. Nothing was changed.'
    return { documents: [], faults: [{ message }] }
  }

  async locate(places: readonly Place[]): Promise<readonly (TextRange | undefined)[]> {
    if (places.length === 0) return []
    const answer = await this.#ask({ type: 'locate', places })
    return Array.isArray(answer) ? answer : []
  }

  close(): void {
    this.#worker?.terminate()
    this.#worker = undefined
    for (const settle of this.#waiting.values()) settle(undefined)
    this.#waiting.clear()
  }

  #ask(ask: ManifestRequest['ask']): Promise<ManifestReply['answer'] | undefined> {
    const id = this.#next
    this.#next += 1
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.close(), PATIENCE_MS)
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
      const request: ManifestRequest = { id, ask }
      this.#started().postMessage(request)
    })
  }

  #started(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./manifest.worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = (event: MessageEvent<ManifestReply>) => {
      this.#waiting.get(event.data.id)?.(event.data.answer)
      this.#waiting.delete(event.data.id)
    }
    worker.onerror = () => this.close()
    this.#worker = worker
    return worker
  }
}
