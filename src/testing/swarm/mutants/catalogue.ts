import type { Edit } from './mutate'

/** A defect, the suite that must notice it, and what it must say. */
export interface Mutant extends Edit {
  readonly name: string
  /** A test file below `src`. */
  readonly suite: string
  /** The complaint: of a rule broken, not of a crash by the way. */
  readonly caught: RegExp
}

const raft = 'raft/swarm.test.ts'
const etcd = 'etcd/swarm.test.ts'
const swarm = 'testing/swarm/swarm.test.ts'
const registers = 'testing/checkers/etcd-registers.test.ts'

export const mutants: readonly Mutant[] = [
  {
    name: 'the vote is not persisted',
    file: 'etcd/wal.ts',
    replace: "if (hardState) this.#mark({ mark: 'state', ...hardState }, hardState)",
    by: "if (hardState) this.#mark({ mark: 'state', ...hardState, vote: 0 }, hardState)",
    suite: etcd,
    caught: /voted|two leaders|became/,
  },
  {
    name: 'a quorum for commit is n/2',
    file: 'raft/quorum/majority.ts',
    replace: 'const quorum = Math.floor(config.size / 2) + 1\n  let best',
    by: 'const quorum = Math.max(1, Math.floor(config.size / 2))\n  let best',
    suite: raft,
    caught: /R4|R5|R7|R13/,
  },
  {
    name: 'a quorum for votes is n/2',
    file: 'raft/quorum/majority.ts',
    replace: 'const quorum = Math.floor(config.size / 2) + 1\n  if (granted',
    by: 'const quorum = Math.max(1, Math.floor(config.size / 2))\n  if (granted',
    suite: raft,
    caught: /R1:|R7/,
  },
  {
    name: 'entries of an old term are committed by counting',
    file: 'raft/log/raft-log.ts',
    replace: 'if (index <= this.committed || term === 0 || this.term(index) !== term) return false',
    by: 'if (index <= this.committed || term === 0) return false',
    suite: raft,
    caught: /R4|R5|R7|R13/,
  },
  {
    name: 'a read index is answered before a quorum has spoken',
    file: 'raft/reads.ts',
    replace: "if (r.tracker.isSingleton() || r.options.readOnlyOption === 'leaseBased') {",
    by: 'if (r.tracker.config !== undefined) {',
    suite: registers,
    caught: /not linearizable/,
  },
  {
    name: 'a read does not wait for its index to be applied',
    file: 'etcd/read-barrier.ts',
    replace: 'if (round?.index === undefined || index < round.index) return',
    by: 'if (round?.index === undefined || index < 0) return',
    suite: etcd,
    caught: /read of .* (is older than|instead of)/,
  },
  {
    name: 'an append is acknowledged before it is persisted',
    file: 'etcd/raft-driver.ts',
    replace: "return type === 'MsgAppResp' || type === 'MsgVoteResp' || type === 'MsgPreVoteResp'",
    by: "return type === 'MsgPreVoteResp'",
    suite: etcd,
    caught: /voted|was lost|became|two histories|tocommit|out of range|conflict/,
  },
  {
    name: 'the entry before an append is not compared',
    file: 'raft/log/raft-log.ts',
    replace: 'if (!this.matchTerm(prevIndex, prevTerm)) return undefined',
    by: 'if (prevIndex > this.lastIndex()) return undefined',
    suite: raft,
    caught: /R3|R4|R7|R13/,
  },
  {
    name: 'votes are given to any log',
    file: 'raft/log/raft-log.ts',
    replace: 'return term > ours || (term === ours && index >= this.lastIndex())',
    by: 'return term >= 0 && index >= 0 && ours >= 0',
    suite: raft,
    caught: /R4|R7|R13|conflict with committed/,
  },
  {
    name: 'votes of the last election still count',
    file: 'raft/tracker/tracker.ts',
    replace: 'this.#votes.clear()',
    by: '',
    suite: raft,
    caught: /R1:|R7|R20/,
  },
  {
    name: 'a resumed watch skips a revision',
    file: 'etcd/watch-hub.ts',
    replace: 'const next = request.startRevision || revision + 1',
    by: 'const next = request.startRevision ? request.startRevision + 1 : revision + 1',
    suite: etcd,
    caught: /was skipped/,
  },
  {
    name: 'a watcher that lags loses a batch',
    file: 'etcd/watch-hub.ts',
    replace: 'if (batch.length > 0) this.#send(watcher, batch, revision)',
    by: 'if (batch.length > 3) this.#send(watcher, batch, revision)',
    suite: etcd,
    caught: /was skipped/,
  },
  {
    name: 'a watch repeats its last revision',
    file: 'etcd/watch-hub.ts',
    replace: 'watcher.next = Math.max(watcher.next, revision + 1)',
    by: 'watcher.next = revision',
    suite: etcd,
    caught: /event of \d+ after|expected/,
  },
  {
    name: 'compaction forgets the version that is still readable',
    file: 'etcd/mvcc/key-index.ts',
    replace: 'else if (keep > 0) record.older = older.slice(keep)',
    by: 'else if (keep > 0) record.older = older.slice(keep + 1)',
    suite: registers,
    caught: /M3 .*expected/,
  },
  {
    name: 'a restored store forgets the last revision',
    file: 'etcd/mvcc/store.ts',
    replace: 'this.#revision = picture.revision\n    this.#compactRevision',
    by: 'this.#revision = picture.revision - 1\n    this.#compactRevision',
    suite: etcd,
    caught: /became|two histories|was lost|event of/,
  },
  {
    name: 'an update ignores the version it was made from',
    file: 'api/kinds/pipeline.ts',
    replace: 'if (version && version !== current) {',
    by: "if (version && current === '') {",
    suite: swarm,
    caught: /M7|A8/,
  },
  {
    name: 'a read is answered from the cache as it is',
    file: 'apiserver/handlers/read.ts',
    replace: 'return resourceVersion === undefined ? cache.fresh() : cache.reach(resourceVersion)',
    by: 'return cache.reach(resourceVersion ?? 0)',
    suite: swarm,
    caught: /M7/,
  },
  {
    name: 'a resumed API watch skips the next revision',
    file: 'apiserver/cache/watcher.ts',
    replace: 'if (event.revision <= this.startRevision) return false',
    by: 'if (event.revision <= this.startRevision + 1) return false',
    suite: swarm,
    caught: /A6/,
  },
  {
    name: 'a bookmark is ahead of the events',
    file: 'apiserver/handlers/watch.ts',
    replace: 'watcher.push(bookmark(request, revision, false))',
    by: 'watcher.push(bookmark(request, revision + 20, false))',
    suite: swarm,
    caught: /A6|A2/,
  },
  {
    name: 'a rolling update forgets the pods that are there',
    file: 'controllers/deployment/plan.ts',
    replace: "const room = wanted + scaled(maxSurge, wanted, 'up') - totalReplicas(all)",
    by: "const room = wanted + scaled(maxSurge, wanted, 'up') - 0 * all.length",
    suite: swarm,
    caught: /C3/,
  },
  {
    name: 'the collector overlooks what a removed owner leaves behind',
    file: 'controllers/garbage-collector/graph.ts',
    replace:
      'for (const dependent of node.dependents) this.#sink.attemptToDelete(dependent)\n    for',
    by: 'for',
    suite: swarm,
    caught: /C8/,
  },
  {
    name: 'kube-proxy does not follow the endpoints',
    file: 'network/kube-proxy.ts',
    replace: 'onAdd: slice, onUpdate: slice, onDelete: slice',
    by: 'onAdd: slice, onDelete: slice',
    suite: swarm,
    caught: /N1/,
  },
]
