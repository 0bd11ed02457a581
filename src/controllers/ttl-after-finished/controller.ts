import type { Job } from '../../api/generated/batch-v1'
import { parseTime } from '../../api/machinery/time'
import { keyOf, splitKey } from '../../api/object'
import { JOBS } from '../../api/resources'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import { type Micros, seconds } from '../../sim/time'
import type { Controller } from '../context'

const workers = 5

/** Deletes finished Jobs, with their pods, `ttlSecondsAfterFinished` after their end. */
export const ttlAfterFinishedController: Controller = {
  name: 'ttl-after-finished-controller',
  wire: (context) => {
    const client = context.client('ttl-after-finished-controller')
    const queue = new WorkQueue(context.env.clock)
    const jobs = context.informer(JOBS).store
    const add = (job: Job) => {
      if (expiryOf(job) !== undefined) queue.add(keyOf(job))
    }
    jobs.addHandler({ onAdd: add, onUpdate: add })
    function* sync(key: string): Task<SyncResult> {
      const cached = jobs.get(key)
      const expiry = cached && expiryOf(cached)
      if (expiry === undefined) return synced
      const left = expiry - context.wall()
      if (left > 0) return { ok: true, requeueAfter: left }
      const where = splitKey(key)
      const fresh = yield* client.get(JOBS, where)
      if (!fresh.ok) return isNotFound(fresh.error) ? synced : fresh
      const late = expiryOf(fresh.value)
      if (late === undefined) return synced
      if (late > context.wall()) return { ok: true, requeueAfter: late - context.wall() }
      const { uid, resourceVersion } = fresh.value.metadata
      const deleted = yield* client.delete(JOBS, where, {
        propagationPolicy: 'Foreground',
        preconditions: { uid, resourceVersion },
      })
      return deleted.ok || isNotFound(deleted.error) ? synced : deleted
    }
    return () => startWorkers(context.env, queue, workers, sync)
  },
}

/** When the Job may go, microseconds since 1970; undefined while it must not. */
function expiryOf(job: Job): Micros | undefined {
  const { ttlSecondsAfterFinished: ttl } = job.spec
  if (ttl === undefined || job.metadata.deletionTimestamp) return undefined
  const end = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )
  const at = end && parseTime(end.lastTransitionTime ?? '')
  return at === undefined ? undefined : at + seconds(ttl)
}
