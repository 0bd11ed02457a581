/** An IPv4 range split into equal parts, handed out in order, wrapping around. */
export class CidrRanges {
  readonly #base: number
  readonly #maskSize: number
  readonly #count: number
  readonly #used = new Set<number>()
  #next = 0

  /** `10.244.0.0/16` in parts of, say, /24: 256 of them. */
  constructor(cidr: string, maskSize: number) {
    const [address = '', prefix = '32'] = cidr.split('/')
    const size = 2 ** (32 - Number(prefix))
    this.#base = Math.floor(addressNumber(address) / size) * size
    this.#maskSize = maskSize
    this.#count = Math.max(0, Math.floor(size / 2 ** (32 - maskSize)))
  }

  /** The next free part; undefined when all are taken. */
  allocate(): string | undefined {
    if (this.#used.size >= this.#count) return undefined
    while (this.#used.has(this.#next)) this.#next = (this.#next + 1) % this.#count
    const index = this.#next
    this.#used.add(index)
    this.#next = (index + 1) % this.#count
    return `${addressText(this.#base + index * this.#partSize)}/${this.#maskSize}`
  }

  /** A node has it already. */
  occupy(cidr: string): void {
    const index = this.#indexOf(cidr)
    if (index !== undefined) this.#used.add(index)
  }

  release(cidr: string): void {
    const index = this.#indexOf(cidr)
    if (index !== undefined) this.#used.delete(index)
  }

  get #partSize(): number {
    return 2 ** (32 - this.#maskSize)
  }

  #indexOf(cidr: string): number | undefined {
    const index = (addressNumber(cidr.split('/')[0] ?? '') - this.#base) / this.#partSize
    return Number.isInteger(index) && index >= 0 && index < this.#count ? index : undefined
  }
}

function addressNumber(address: string): number {
  return address.split('.').reduce((total, part) => total * 256 + Number(part), 0)
}

function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
