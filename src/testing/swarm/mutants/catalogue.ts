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
]
