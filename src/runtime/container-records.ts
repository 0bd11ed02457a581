import type { ProcessEnv } from '../sim/process'
import type { ContainerStatus, PodRuntimeStatus, SandboxStatus } from './cri'

const sandboxFiles = 'containerd/sandbox/'
const containerFiles = 'containerd/container/'
/** What containerd reports for a task that it did not see ending. */
const exitUnknown = 255

const none: PodRuntimeStatus = { sandboxes: [], containers: [] }

/** Sandboxes and containers by id and by pod, written through to the disk. */
export class ContainerRecords {
  readonly #env: ProcessEnv
  readonly #sandboxes = new Map<string, SandboxStatus>()
  readonly #containers = new Map<string, ContainerStatus>()
  readonly #pods = new Map<string, { sandboxes: Set<string>; containers: Set<string> }>()

  constructor(env: ProcessEnv) {
    this.#env = env
  }

  /** Reads the disk; whatever ran when the last run ended is over. */
  recover(): void {
    const { disk } = this.#env
    for (const file of disk.list(sandboxFiles)) {
      const record = disk.read(file)?.[0] as SandboxStatus | undefined
      if (record) this.putSandbox({ ...record, ready: false, ip: '' })
    }
    const finishedAt = this.#env.clock.wall()
    const statuses: ContainerStatus[] = []
    for (const file of disk.list(containerFiles)) {
      const record = disk.read(file)?.[0] as ContainerStatus | undefined
      if (record) statuses.push(record)
    }
    statuses.sort((a, b) => a.createdAt - b.createdAt)
    for (const status of statuses) {
      if (!this.#sandboxes.has(status.sandboxId)) disk.remove(containerFiles + status.id)
      else if (status.state === 'exited') this.putContainer(status)
      else {
        const ended = { state: 'exited', exitCode: exitUnknown, reason: 'Unknown' } as const
        this.putContainer({ ...status, ...ended, finishedAt })
      }
    }
  }

  podUids(): readonly string[] {
    return [...this.#pods.keys()]
  }

  pod(uid: string): PodRuntimeStatus {
    const entry = this.#pods.get(uid)
    if (!entry) return none
    const sandboxes: SandboxStatus[] = []
    for (const id of entry.sandboxes) sandboxes.push(this.#sandboxes.get(id) as SandboxStatus)
    const containers: ContainerStatus[] = []
    for (const id of entry.containers) containers.push(this.#containers.get(id) as ContainerStatus)
    return { sandboxes, containers }
  }

  sandbox(id: string): SandboxStatus | undefined {
    return this.#sandboxes.get(id)
  }

  container(id: string): ContainerStatus | undefined {
    return this.#containers.get(id)
  }

  containersOf(sandboxId: string): ContainerStatus[] {
    const uid = this.#sandboxes.get(sandboxId)?.config.uid
    if (uid === undefined) return []
    return this.pod(uid).containers.filter((status) => status.sandboxId === sandboxId)
  }

  putSandbox(status: SandboxStatus): void {
    this.#sandboxes.set(status.id, status)
    this.#pod(status.config.uid).sandboxes.add(status.id)
    this.#write(sandboxFiles + status.id, status)
  }

  putContainer(status: ContainerStatus): void {
    this.#containers.set(status.id, status)
    this.#pod(status.podUid).containers.add(status.id)
    this.#write(containerFiles + status.id, status)
  }

  removeSandbox(id: string): void {
    const status = this.#sandboxes.get(id)
    if (!status) return
    this.#sandboxes.delete(id)
    this.#pod(status.config.uid).sandboxes.delete(id)
    this.#tidy(status.config.uid)
    this.#env.disk.remove(sandboxFiles + id)
  }

  removeContainer(id: string): void {
    const status = this.#containers.get(id)
    if (!status) return
    this.#containers.delete(id)
    this.#pod(status.podUid).containers.delete(id)
    this.#tidy(status.podUid)
    this.#env.disk.remove(containerFiles + id)
  }

  #pod(uid: string): { sandboxes: Set<string>; containers: Set<string> } {
    let entry = this.#pods.get(uid)
    if (!entry) {
      entry = { sandboxes: new Set(), containers: new Set() }
      this.#pods.set(uid, entry)
    }
    return entry
  }

  #tidy(uid: string): void {
    const entry = this.#pods.get(uid)
    if (entry && entry.sandboxes.size === 0 && entry.containers.size === 0) this.#pods.delete(uid)
  }

  #write(file: string, record: object): void {
    this.#env.disk.put(file, [record])
    this.#env.disk.sync()
  }
}
