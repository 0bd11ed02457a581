import type { Logger } from '../../raft/index'

const LEVELS: readonly string[] = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'NONE']
const NONE = LEVELS.indexOf('NONE')

/** Collects what an interaction command prints, log lines of all members included. */
export class Output implements Logger {
  level = 0
  #text = ''

  get text(): string {
    return this.#text
  }

  /** At level NONE everything but errors is suppressed. */
  get quiet(): boolean {
    return this.level === NONE
  }

  reset(): void {
    this.#text = ''
  }

  write(text: string): void {
    if (!this.quiet) this.#text += text
  }

  /** Sets the level by name; returns a complaint if there is none of that name. */
  setLevel(name: string): string | undefined {
    const level = LEVELS.indexOf(name.toUpperCase())
    if (level < 0) return `log levels must be either of [${LEVELS.join(' ')}]`
    this.level = level
    return undefined
  }

  /** Indents by two spaces what `body` prints. */
  indented<T>(body: () => T): T {
    const outer = this.#text
    this.#text = ''
    const result = body()
    const lines = this.#text.split('\n')
    if (lines.at(-1) === '') lines.pop()
    this.#text = outer + lines.map((line) => `  ${line}\n`).join('')
    return result
  }

  debug(line: string): void {
    this.#log(0, line)
  }

  info(line: string): void {
    this.#log(1, line)
  }

  warning(line: string): void {
    this.#log(2, line)
  }

  error(line: string): void {
    this.#log(3, line)
  }

  #log(level: number, line: string): void {
    if (this.level <= level) this.write(`${LEVELS[level]} ${line}\n`)
  }
}
