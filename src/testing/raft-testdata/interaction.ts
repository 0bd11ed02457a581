import type { ConfChangeTransition } from '../../raft/index'
import { parseConfChanges } from './conf-changes'
import { type Command, type Directive, type DirectiveArg, parseCommand } from './datadriven'
import { InteractionEnv, type Recipient } from './interaction-env'
import type { MemberOptions } from './interaction-member'

type Failure = string | undefined
type Handler = (env: InteractionEnv, args: readonly DirectiveArg[]) => Failure

/** Runs one interaction file: a command's output is what it printed, else its error, else `ok`. */
export class InteractionRun {
  readonly #env = new InteractionEnv()

  handle(d: Directive): string {
    const { output } = this.#env
    output.reset()
    const failure =
      d.name === 'propose-conf-change' ? proposeConfChange(this.#env, d) : this.#runAll(d)
    if (failure !== undefined) {
      if (output.quiet) return failure
      output.write(failure)
    }
    return output.text === '' ? 'ok' : output.text
  }

  /** Further commands may follow as input, one per line. */
  #runAll(d: Directive): Failure {
    const failure = run(this.#env, d)
    if (failure !== undefined) return failure
    for (const line of d.input === '' ? [] : d.input.split('\n')) {
      const command = parseCommand(line)
      const failed = command === undefined ? 'unknown command' : run(this.#env, command)
      if (failed === undefined) continue
      if (this.#env.output.quiet) return failed
      this.#env.output.write(failed)
    }
    return undefined
  }
}

function run(env: InteractionEnv, { name, args }: Command): Failure {
  const handler = HANDLERS[name]
  return handler === undefined ? 'unknown command' : handler(env, args)
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  _breakpoint: () => undefined,
  'add-nodes': addNodes,
  campaign: (env, args) => {
    const id = intAt(args, 0)
    const count = env.members.length
    if (id < 1 || id > count) return `node index ${id - 1} out of range [0, ${count})`
    env.member(id).node.campaign()
    return undefined
  },
  compact: (env, args) => env.compact(intAt(args, 0), intAt(args, 1)),
  'deliver-msgs': deliverMessages,
  'process-ready': (env, args) =>
    forEachNode(env, args, 'handling Ready', (id) => env.processReady(id)),
  'process-append-thread': (env, args) =>
    forEachNode(env, args, 'processing append thread', (id) => env.processAppendThread(id)),
  'process-apply-thread': (env, args) =>
    forEachNode(env, args, 'processing apply thread', (id) => env.processApplyThread(id)),
  'log-level': (env, args) => env.output.setLevel(args[0]?.key ?? ''),
  'raft-log': (env, args) => {
    env.raftLog(intAt(args, 0))
    return undefined
  },
  'raft-state': (env) => {
    env.raftState()
    return undefined
  },
  'set-randomized-election-timeout': (env, args) => {
    env.member(intAt(args, 0)).node.setRandomizedElectionTimeout(namedInt(args, 'timeout'))
    return undefined
  },
  stabilize,
  status: (env, args) => {
    env.status(intAt(args, 0))
    return undefined
  },
  tick: (env, args) => tick(env, intAt(args, 0), intAt(args, 1)),
  'tick-election': (env, args) => {
    const id = intAt(args, 0)
    return tick(env, id, env.member(id).config.electionTick)
  },
  'tick-heartbeat': (env, args) => {
    const id = intAt(args, 0)
    return tick(env, id, env.member(id).config.heartbeatTick)
  },
  'transfer-leadership': (env, args) => {
    const to = namedInt(args, 'to')
    env.member(to)
    env.member(namedInt(args, 'from')).node.transferLeader(to)
    return undefined
  },
  'forget-leader': (env, args) => {
    env.member(intAt(args, 0)).node.forgetLeader()
    return undefined
  },
  'send-snapshot': (env, args) => {
    env.sendSnapshot(intAt(args, 0), intAt(args, 1))
    return undefined
  },
  propose: (env, args) => env.member(intAt(args, 0)).node.propose(args[1]?.key),
  'report-unreachable': (env, args) => {
    env.member(intAt(args, 0)).node.reportUnreachable(intAt(args, 1))
    return undefined
  },
}

function intOf(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw new Error(`not a number: ${text}`)
  return Number(text)
}

function intAt(args: readonly DirectiveArg[], position: number): number {
  return intOf(args[position]?.key)
}

function namedInt(args: readonly DirectiveArg[], key: string): number {
  return intOf(args.find((arg) => arg.key === key)?.values[0])
}

function nodeIds(args: readonly DirectiveArg[]): number[] {
  return args.filter((arg) => arg.values.length === 0).map((arg) => intOf(arg.key))
}

/** Each node's output is indented under a headline if there are several. */
function forEachNode(
  env: InteractionEnv,
  args: readonly DirectiveArg[],
  headline: string,
  work: (id: number) => Failure,
): Failure {
  const ids = nodeIds(args)
  for (const id of ids) {
    if (ids.length > 1) env.output.write(`> ${id} ${headline}\n`)
    const failure = ids.length > 1 ? env.output.indented(() => work(id)) : work(id)
    if (failure !== undefined) return failure
  }
  return undefined
}

function tick(env: InteractionEnv, id: number, count: number): Failure {
  const { node } = env.member(id)
  for (let i = 0; i < count; i++) node.tick()
  return undefined
}

function stabilize(env: InteractionEnv, args: readonly DirectiveArg[]): Failure {
  const { level } = env.output
  for (const arg of args) {
    if (arg.key !== 'log-level') continue
    const failure = env.output.setLevel(arg.values[0] ?? '')
    if (failure !== undefined) return failure
  }
  const failure = env.stabilize(nodeIds(args))
  env.output.level = level
  return failure
}

function deliverMessages(env: InteractionEnv, args: readonly DirectiveArg[]): Failure {
  const recipients: Recipient[] = nodeIds(args).map((id) => ({ id, drop: false }))
  let type: string | undefined
  for (const { key, values } of args) {
    if (key === 'type') type = values[0]
    if (key !== 'drop') continue
    for (const id of values.map(intOf)) {
      if (recipients.some((known) => known.id === id)) {
        throw new Error(`can't both deliver and drop msgs to ${id}`)
      }
      recipients.push({ id, drop: true })
    }
  }
  if (env.deliver(type, recipients) === 0) env.output.write('no messages\n')
  return undefined
}

type MutableOptions = { -readonly [K in keyof MemberOptions]: MemberOptions[K] }

function addNodes(env: InteractionEnv, args: readonly DirectiveArg[]): Failure {
  const options: MutableOptions = {}
  const voters: number[] = []
  const learners: number[] = []
  let index = 0
  let data: string | undefined
  for (const { key, values } of args.slice(1)) {
    for (const value of values) {
      if (key === 'voters') voters.push(intOf(value))
      else if (key === 'learners') learners.push(intOf(value))
      else if (key === 'index') index = intOf(value)
      else if (key === 'content') data = value
      else if (key === 'read-only') {
        if (value !== 'safe' && value !== 'lease-based') {
          return `invalid read-only option ${JSON.stringify(value)}`
        }
        options.readOnlyOption = value === 'safe' ? 'safe' : 'leaseBased'
      } else setOption(options, key, value)
    }
  }
  if (index > 0) options.applied = index
  const bootstrap = voters.length + learners.length + index > 0 || data !== undefined
  const confState = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false }
  const snapshot = { data, metadata: { confState, index, term: 1 } }
  return env.addNodes(intAt(args, 0), options, bootstrap ? snapshot : undefined)
}

function setOption(options: MutableOptions, key: string, value: string): void {
  switch (key) {
    case 'inflight':
      options.maxInflightMsgs = intOf(value)
      return
    case 'max-committed-size-per-ready':
      options.maxCommittedSizePerReady = intOf(value)
      return
    case 'async-storage-writes':
      options.asyncStorageWrites = value === 'true'
      return
    case 'prevote':
      options.preVote = value === 'true'
      return
    case 'checkquorum':
      options.checkQuorum = value === 'true'
      return
    case 'disable-conf-change-validation':
      options.disableConfChangeValidation = value === 'true'
      return
    case 'step-down-on-removal':
      options.stepDownOnRemoval = value === 'true'
      return
    default:
      throw new Error(`unknown add-nodes option ${key}`)
  }
}

const TRANSITIONS: Readonly<Record<string, ConfChangeTransition>> = {
  auto: 'ConfChangeTransitionAuto',
  implicit: 'ConfChangeTransitionJointImplicit',
  explicit: 'ConfChangeTransitionJointExplicit',
}

function proposeConfChange(env: InteractionEnv, d: Directive): Failure {
  let v1 = false
  let transition: ConfChangeTransition = 'ConfChangeTransitionAuto'
  for (const { key, values } of d.args.slice(1)) {
    for (const value of values) {
      if (key === 'v1') {
        v1 = value === 'true'
      } else if (key === 'transition') {
        const named = TRANSITIONS[value]
        if (named === undefined) return `unknown transition ${value}`
        transition = named
      } else {
        return `unknown command ${key}`
      }
    }
  }
  const changes = parseConfChanges(d.input)
  if (typeof changes === 'string') return changes
  const id = intAt(d.args, 0)
  if (!v1) return env.proposeConfChange(id, { transition, changes })
  const [only] = changes
  if (changes.length > 1 || transition !== 'ConfChangeTransitionAuto' || only === undefined) {
    return 'v1 conf change can only have one operation and no transition'
  }
  return env.proposeConfChange(id, only)
}
