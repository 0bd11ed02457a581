import type { ProcessEnv } from '../sim/process'
import { Future } from '../sim/task'
import { type Micros, millis } from '../sim/time'
import type { CriResult, ImageStatus } from './cri'
import { fullImageName, parseImageName } from './image-name'
import { type ImageManifest, resolveImage } from './registry'

interface StoredImage {
  readonly names: readonly string[]
  readonly manifest: ImageManifest
}

export interface PullSpeed {
  /** Bytes a second from any registry. */
  readonly downloadBytesPerSecond: number
  /** Bytes a second, compressed, while layers are unpacked. */
  readonly unpackBytesPerSecond: number
}

const imagesFile = 'containerd/images'

/** A node's images: what was pulled, layer by layer. Kept on the machine's disk. */
export class ImageStore {
  readonly #env: ProcessEnv
  readonly #speed: PullSpeed
  readonly #byName = new Map<string, StoredImage>()
  readonly #layers = new Set<string>()

  constructor(env: ProcessEnv, speed: PullSpeed) {
    this.#env = env
    this.#speed = speed
    for (const record of env.disk.read(imagesFile) ?? []) {
      const { names } = record as { names: readonly string[] }
      for (const name of names) this.#keep(name)
    }
  }

  /** Images that came with the machine's installation. */
  preload(names: readonly string[]): void {
    const missing = names.filter((name) => !this.status(name))
    if (missing.length === 0) return
    for (const name of missing) this.#keep(fullImageName(parseImageName(name)))
    this.#save()
  }

  list(): ImageStatus[] {
    return [...new Set(this.#byName.values())].map(statusOf)
  }

  status(name: string): ImageStatus | undefined {
    const stored = this.#byName.get(fullImageName(parseImageName(name)))
    return stored && statusOf(stored)
  }

  manifest(name: string): ImageManifest | undefined {
    return this.#byName.get(fullImageName(parseImageName(name)))?.manifest
  }

  /** Takes the time of the layers that are not here yet. */
  pull(name: string): Future<CriResult<ImageStatus>> {
    const result = new Future<CriResult<ImageStatus>>()
    const parsed = parseImageName(name)
    const resolution = resolveImage(parsed)
    const { clock, random } = this.#env
    const lookup = millis(random.between(295, 305))
    if (!resolution.ok) {
      clock.after(
        lookup,
        () => result.resolve({ ok: false, error: resolution.error }),
        'image.pull',
      )
      return result
    }
    const missing = resolution.manifest.layers.filter((layer) => !this.#layers.has(layer.digest))
    const bytes = missing.reduce((sum, layer) => sum + layer.bytes, 0)
    const took: Micros = lookup + this.#transferTime(bytes)
    clock.after(
      took,
      () => {
        const stored = this.#keep(fullImageName(parsed))
        this.#save()
        if (stored) result.resolve({ ok: true, value: statusOf(stored) })
      },
      'image.pull',
    )
    return result
  }

  remove(name: string): void {
    if (!this.#byName.delete(fullImageName(parseImageName(name)))) return
    this.#layers.clear()
    for (const { manifest } of this.#byName.values()) this.#addLayers(manifest)
    this.#save()
  }

  #transferTime(bytes: number): Micros {
    const { downloadBytesPerSecond, unpackBytesPerSecond } = this.#speed
    const seconds = bytes / downloadBytesPerSecond + bytes / unpackBytesPerSecond
    return Math.round(seconds * 1_000_000)
  }

  #keep(fullName: string): StoredImage | undefined {
    const resolution = resolveImage(parseImageName(fullName))
    if (!resolution.ok) return undefined
    const stored = { names: [fullName], manifest: resolution.manifest }
    this.#byName.set(fullName, stored)
    this.#addLayers(resolution.manifest)
    return stored
  }

  #addLayers(manifest: ImageManifest): void {
    for (const layer of manifest.layers) this.#layers.add(layer.digest)
  }

  #save(): void {
    const records = [...this.#byName.values()].map(({ names }) => ({ names }))
    this.#env.disk.put(imagesFile, records)
    this.#env.disk.sync()
  }
}

function statusOf(stored: StoredImage): ImageStatus {
  const { id, sizeBytes } = stored.manifest
  return { names: stored.names, id, sizeBytes }
}
