import type { EtcdClient } from '../etcd/client'
import type { ProcessEnv } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { type Micros, minutes } from '../sim/time'
import { compactRevisionKey } from './storage/keys'

/** History older than this, and up to twice as old, is dropped. */
const compactInterval: Micros = minutes(5)

/**
 * Drops etcd's old history. The servers agree by a transaction on one key: whoever notes the present
 * revision first compacts up to what was noted an interval before.
 */
export function* compactRegularly(env: ProcessEnv, etcd: EtcdClient): Task<void> {
  let version = 0
  let revision = 0
  for (;;) {
    yield* wait(env.clock.sleep(compactInterval, 'apiserver.compact'))
    const result = yield* etcd.txn({
      compare: [{ key: compactRevisionKey, target: 'version', result: '=', value: version }],
      success: [{ type: 'put', request: { key: compactRevisionKey, value: revision } }],
      failure: [{ type: 'range', request: { key: compactRevisionKey } }],
    })
    if (!result.ok) continue
    const { succeeded, responses, header } = result.value
    const noted = responses[0]
    if (succeeded) {
      if (revision > 0) yield* etcd.compact(revision)
      version++
    } else if (noted?.type === 'range') version = noted.response.kvs[0]?.version ?? 0
    revision = header.revision
  }
}
