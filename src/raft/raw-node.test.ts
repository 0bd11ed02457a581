import { describe, expect, it } from 'vitest'
import {
  type Config,
  type ConfState,
  EMPTY_CONF_STATE,
  type Entry,
  MemoryStorage,
  type Message,
  type MessageType,
  makeMessage,
  NONE,
  type Peer,
  type ProposeError,
  RaftInvariantError,
  RawNode,
  type ReadState,
  type Ready,
  type StepError,
  type Storage,
} from './index'

function confStateOf(voters: number[], learners: number[] = []): ConfState {
  return { ...EMPTY_CONF_STATE, voters, learners }
}

/** Members 1..n with perfect wires; `lost` decides which messages vanish. */
class Group {
  readonly nodes: RawNode[] = []
  readonly storages: MemoryStorage[] = []
  readonly applied: unknown[][] = []
  readonly reads: ReadState[][] = []
  lost: (m: Message) => boolean = () => false

  constructor(size: number, options: Partial<Config> = {}) {
    const ids = Array.from({ length: size }, (_, i) => i + 1)
    for (const id of ids) {
      const storage = new MemoryStorage()
      const metadata = { index: 1, term: 1, confState: confStateOf(ids) }
      storage.applySnapshot({ data: undefined, metadata })
      storage.setHardState({ term: 1, vote: 0, commit: 1 })
      this.storages.push(storage)
      this.applied.push([])
      this.reads.push([])
      this.nodes.push(new RawNode(configOf(id, storage, { applied: 1, ...options })))
    }
  }

  node(id: number): RawNode {
    return this.nodes[id - 1]!
  }

  handle(id: number): readonly Message[] {
    const node = this.node(id)
    const messages: Message[] = []
    while (node.hasReady()) {
      const rd = node.ready()
      persist(this.storages[id - 1]!, rd)
      messages.push(...rd.messages)
      this.reads[id - 1]!.push(...rd.readStates)
      for (const entry of rd.committedEntries) this.apply(id, entry)
      node.advance()
    }
    return messages
  }

  apply(id: number, entry: Entry): void {
    if (entry.type === 'normal') this.applied[id - 1]!.push(entry.data)
    else this.node(id).applyConfChange(entry.data as Parameters<RawNode['applyConfChange']>[0])
  }

  settle(): void {
    for (let round = 0; round < 100; round++) {
      const messages = this.nodes.flatMap((_, i) => [...this.handle(i + 1)])
      if (messages.length === 0) return
      for (const m of messages) if (!this.lost(m)) this.node(m.to).step(m)
    }
    throw new Error('does not settle')
  }

  elect(id: number): RawNode {
    this.node(id).campaign()
    this.settle()
    expect(this.node(id).status().raftState).toBe('StateLeader')
    return this.node(id)
  }

  tickAll(times: number, ids = this.nodes.map((_, i) => i + 1)): void {
    for (let i = 0; i < times; i++) {
      for (const id of ids) this.node(id).tick()
      this.settle()
    }
  }

  cutOff(id: number): void {
    this.lost = (m) => m.from === id || m.to === id
  }

  heal(): void {
    this.lost = () => false
  }
}

function configOf(id: number, storage: Storage, options: Partial<Config>): Config {
  const ticks = { electionTick: 10, heartbeatTick: 1, checkQuorum: false, preVote: false }
  return { id, storage, random: () => 0, ...ticks, ...options }
}

function persist(storage: MemoryStorage, rd: Ready): void {
  if (rd.snapshot !== undefined) storage.applySnapshot(rd.snapshot)
  storage.append(rd.entries)
  if (rd.hardState !== undefined) storage.setHardState(rd.hardState)
}

const typesOf = (messages: readonly Message[]): MessageType[] => messages.map((m) => m.type)

describe('elections', () => {
  it('R10: a candidate counts its own vote only when it is durable', () => {
    const group = new Group(1)
    group.node(1).campaign()
    const rd = group.node(1).ready()
    expect(rd.hardState).toEqual({ term: 2, vote: 1, commit: 1 })
    expect(rd.mustSync).toBe(true)
    expect(group.node(1).status().raftState).toBe('StateCandidate')
    group.node(1).advance()
    expect(group.node(1).status().raftState).toBe('StateLeader')
  })

  it('R10: grants one vote per term, also after a restart', () => {
    const group = new Group(3)
    const ask = (from: number): Message =>
      makeMessage({ type: 'MsgVote', from, to: 3, term: 2, index: 9, logTerm: 1 })
    group.node(3).step(ask(1))
    expect(group.handle(3)).toMatchObject([{ type: 'MsgVoteResp', to: 1, reject: false }])
    const restarted = new RawNode(configOf(3, group.storages[2]!, { applied: 1 }))
    restarted.step(ask(2))
    expect(restarted.ready().messages).toMatchObject([{ to: 2, reject: true }])
  })

  it('R10: a vote in a term already known is a hard state of its own', () => {
    const group = new Group(3)
    const ask = (from: number, index: number): Message =>
      makeMessage({ type: 'MsgVote', from, to: 3, term: 2, index, logTerm: 1 })
    group.node(3).step(ask(1, 0))
    group.handle(3)
    expect(group.storages[2]!.initialState().hardState).toMatchObject({ term: 2, vote: 0 })
    group.node(3).step(ask(2, 1))
    const rd = group.node(3).ready()
    expect(rd).toMatchObject({ hardState: { term: 2, vote: 2 }, mustSync: true })
  })

  it('R18: with preVote a cut-off member raises no term, and does not depose on return', () => {
    const group = new Group(3, { preVote: true, checkQuorum: true })
    group.elect(1)
    group.cutOff(3)
    group.tickAll(50)
    expect(group.node(3).status()).toMatchObject({ term: 2, raftState: 'StatePreCandidate' })
    group.heal()
    group.tickAll(3)
    expect(group.node(1).status()).toMatchObject({ term: 2, raftState: 'StateLeader' })
    expect(group.node(3).status()).toMatchObject({ term: 2, lead: 1 })
  })

  it('R18: with checkQuorum a leader without quorum steps down within two timeouts', () => {
    const group = new Group(3, { checkQuorum: true })
    group.elect(1)
    group.cutOff(1)
    group.tickAll(20, [1])
    expect(group.node(1).status().raftState).toBe('StateFollower')
  })

  it('R18: votes are refused while the lease of the leader holds', () => {
    const group = new Group(3, { checkQuorum: true })
    group.elect(1)
    group.node(2).campaign()
    group.settle()
    expect(group.node(3).status()).toMatchObject({ term: 2, lead: 1 })
  })

  it('hands leadership over at once, lease or not', () => {
    const group = new Group(3, { checkQuorum: true, preVote: true })
    group.elect(1).transferLeader(3)
    group.settle()
    expect(group.nodes.map((node) => node.status().lead)).toEqual([3, 3, 3])
  })

  it('R19: a removed member cannot depose the leader', () => {
    const group = new Group(3, { preVote: true, checkQuorum: true })
    const leader = group.elect(1)
    group.cutOff(3)
    leader.proposeConfChange({ type: 'ConfChangeRemoveNode', nodeId: 3 })
    group.settle()
    group.heal()
    const { term } = leader.status()
    for (let i = 0; i < 40; i++) group.tickAll(1)
    expect(leader.status()).toMatchObject({ term, raftState: 'StateLeader' })
    expect([...leader.status().config.voters.incoming]).toEqual([1, 2])
  })
})

describe('replication', () => {
  it('sends many proposals between two readies as one MsgApp per follower', () => {
    const group = new Group(3)
    const leader = group.elect(1)
    for (let i = 0; i < 100; i++) expect(leader.propose(i)).toBeUndefined()
    const rd = leader.ready()
    expect(typesOf(rd.messages)).toEqual(['MsgApp', 'MsgApp'])
    expect(rd.messages.map((m) => m.entries.length)).toEqual([100, 100])
    expect(rd.entries).toHaveLength(100)
  })

  it('hands data through by reference', () => {
    const group = new Group(3)
    const data = Object.freeze({ key: 'value' })
    group.elect(1).propose(data)
    group.settle()
    for (const applied of group.applied) expect(applied.at(-1)).toBe(data)
  })

  it('R12: entries of older terms commit only together with one of the current term', () => {
    const group = new Group(3)
    group.elect(1)
    group.lost = (m) => m.type === 'MsgAppResp'
    group.node(1).propose('old')
    group.settle()
    group.lost = (m) => m.type === 'MsgApp'
    const leader = group.elect(2)
    expect(leader.status()).toMatchObject({ term: 3, commit: 2 })
    for (const from of [1, 3]) {
      leader.step(makeMessage({ type: 'MsgAppResp', from, to: 2, term: 3, index: 3 }))
    }
    expect(leader.status().commit).toBe(2)
    group.heal()
    group.tickAll(2)
    expect(leader.status().commit).toBe(4)
    expect(group.applied[2]).toEqual([undefined, 'old', undefined])
  })

  it('a follower forwards proposals; without a leader they are dropped', () => {
    const group = new Group(3)
    expect(group.node(2).propose('x')).toBe('raft proposal dropped')
    group.elect(1)
    expect(group.node(2).propose('x')).toBeUndefined()
    group.settle()
    expect(group.applied[2]).toContain('x')
  })

  it('drops proposals beyond the limit of the uncommitted tail', () => {
    const group = new Group(3, { maxUncommittedEntriesSize: 3 })
    const leader = group.elect(1)
    const results: (ProposeError | undefined)[] = [1, 2, 3, 4].map((data) => leader.propose(data))
    expect(results.map((error) => error === undefined)).toEqual([true, true, true, false])
    group.settle()
    expect(leader.propose(5)).toBeUndefined()
  })

  it('R17: a follower behind the compacted log gets a snapshot, whole', () => {
    const group = new Group(3)
    const leader = group.elect(1)
    group.cutOff(3)
    for (let i = 0; i < 5; i++) leader.propose(i)
    group.settle()
    const { commit } = leader.status()
    group.storages[0]!.createSnapshot(commit, confStateOf([1, 2, 3]), 'state')
    group.storages[0]!.compact(commit)
    group.heal()
    group.tickAll(3)
    const restored = group.storages[2]!.snapshot()
    expect(restored).toMatchObject({ data: 'state', metadata: { index: commit } })
    expect(group.node(3).status()).toMatchObject({ commit, applied: commit })
    expect(leader.status().progress.get(3)).toMatchObject({
      state: 'StateReplicate',
      match: commit,
    })
  })
})

describe('reads', () => {
  it('R16: are answered only after the first commit of the term and by a quorum', () => {
    const group = new Group(3)
    group.lost = (m) => m.type === 'MsgAppResp'
    const leader = group.elect(1)
    leader.readIndex('a')
    group.tickAll(2)
    expect(leader.status().commit).toBe(1)
    expect(group.reads[0]).toEqual([])
    group.lost = (m) => m.type === 'MsgHeartbeatResp' && m.context !== undefined
    group.tickAll(2)
    expect(leader.status().commit).toBe(2)
    expect(group.reads[0]).toEqual([])
    group.heal()
    group.tickAll(1)
    expect(group.reads[0]).toEqual([{ index: 2, context: 'a' }])
  })

  it('R16: a follower asks its leader; several contexts at once', () => {
    const group = new Group(3)
    group.elect(1)
    const contexts = [{ read: 1 }, { read: 2 }]
    for (const context of contexts) group.node(2).readIndex(context)
    group.settle()
    expect(group.reads[1]).toEqual(contexts.map((context) => ({ index: 2, context })))
  })

  it('R16: a lone leader waits for its term, too, after a restart', () => {
    const group = new Group(1)
    group.node(1).campaign()
    const rd = group.node(1).ready()
    persist(group.storages[0]!, rd)
    group.node(1).advance()
    group.node(1).readIndex('early')
    expect(group.reads[0]).toEqual([])
    group.settle()
    expect(group.reads[0]).toEqual([{ index: 2, context: 'early' }])
  })
})

describe('the interface', () => {
  it('bootstraps a new cluster from its peers', () => {
    const storage = new MemoryStorage()
    const node = new RawNode(configOf(1, storage, {}))
    const peers: Peer[] = [{ id: 1 }, { id: 2 }]
    node.bootstrap(peers)
    const rd = node.ready()
    expect(rd.entries.map((entry) => entry.type)).toEqual(['confChange', 'confChange'])
    expect(rd.hardState).toEqual({ term: 1, vote: NONE, commit: 2 })
    expect([...node.status().config.voters.incoming]).toEqual([1, 2])
    persist(storage, rd)
    expect(() => node.bootstrap([{ id: 1 }])).toThrow('nonempty')
  })

  it('R9: what a snapshot or the owner has applied counts as committed after a restart', () => {
    const group = new Group(1)
    group.elect(1).propose('x')
    group.settle()
    const storage = group.storages[0]!
    storage.setHardState({ term: 1, vote: 1, commit: 1 })
    const node = new RawNode(configOf(1, storage, { applied: 3 }))
    expect(node.status()).toMatchObject({ commit: 3, applied: 3 })
  })

  it('has nothing to do on an idle tick', () => {
    const group = new Group(3, { heartbeatTick: 2 })
    const leader = group.elect(1)
    leader.tick()
    expect(leader.hasReady()).toBe(false)
  })

  it('stops on a broken contract and returns expected refusals', () => {
    const group = new Group(3)
    group.node(1).campaign()
    group.node(1).ready()
    expect(() => group.node(1).ready()).toThrow(RaftInvariantError)
    const hup = makeMessage({ type: 'MsgHup', from: 2 })
    const refused: StepError | undefined = group.node(1).step(hup)
    expect(refused).toBe('raft: cannot step raft local message')
    const stranger = makeMessage({ type: 'MsgAppResp', from: 9, term: 1 })
    expect(group.node(1).step(stranger)).toBe('raft: cannot step as peer not found')
    const damaged = makeMessage({ type: 'MsgHeartbeat', from: 1, to: 2, term: 5, commit: 99 })
    expect(() => group.node(2).step(damaged)).toThrow('Was the raft log corrupted')
    expect(() => new RawNode(configOf(0, new MemoryStorage(), {}))).toThrow('none as id')
  })
})
