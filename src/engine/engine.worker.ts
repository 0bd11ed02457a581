/// <reference lib="webworker" />
import type { WatchHandle } from '../client/transport'
import type { FromEngine, ToEngine } from './protocol'
import { Session } from './session'
import { WatchBatches } from './watch-batches'

declare const self: DedicatedWorkerGlobalScope

const flushEveryMs = 100
const watches = new Map<number, WatchHandle>()
const batches = new WatchBatches()
let session: Session | undefined
let flushTimer: ReturnType<typeof setTimeout> | undefined

const post = (message: FromEngine) => self.postMessage(message)

function flush(): void {
  flushTimer = undefined
  if (!batches.empty) post({ type: 'events', batches: batches.flush() })
}

function watch(engine: Session, id: number, request: Parameters<Session['transport']['watch']>[0]) {
  const handle = engine.transport.watch(request, {
    onOpen: () => post({ type: 'opened', id }),
    onEvent: (event) => {
      batches.add(id, event)
      if (flushTimer === undefined) flushTimer = setTimeout(flush, flushEveryMs)
    },
    onClose: (end) => {
      watches.delete(id)
      const rest = batches.take(id)
      if (rest) post({ type: 'events', batches: [rest] })
      post({ type: 'closed', id, end })
    },
  })
  watches.set(id, handle)
}

function handle(message: ToEngine): void {
  if (message.type === 'start') {
    const onFailure = (text: string) => post({ type: 'failed', message: text })
    session = new Session({ spec: message.spec, speed: message.speed, onFailure })
    session.subscribe((state) => post({ type: 'changed', state }))
    return
  }
  const engine = session
  if (!engine) throw new Error(`"${message.type}" came before "start"`)
  const { id } = message
  switch (message.type) {
    case 'send':
      engine.transport
        .send(message.request)
        .then((response) => post({ type: 'answer', id, response }))
      break
    case 'watch':
      watch(engine, id, message.request)
      break
    case 'unwatch':
      watches.get(id)?.close()
      watches.delete(id)
      batches.take(id)
      break
    case 'command':
      engine.command(message.commands).then((results) => post({ type: 'commanded', id, results }))
      break
    case 'state':
      engine.state().then((state) => post({ type: 'state', id, state }))
      break
    case 'trace':
      engine
        .trace(message.from, message.limit)
        .then((records) => post({ type: 'trace', id, records }))
      break
  }
}

self.onmessage = ({ data }: MessageEvent<ToEngine>) => {
  try {
    handle(data)
  } catch (error) {
    post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
}
