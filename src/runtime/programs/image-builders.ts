import type { Image, Page, Program, StopRule, TcpProgram, WebProgram } from './program'

/** How programs end that care for SIGTERM. */
export const graceful: StopRule = { afterMillis: 80, exitCode: 0 }
/** A Go program without a handler, as process 1. */
export const goDefault: StopRule = { afterMillis: 5, exitCode: 2 }

const flavour = String.raw`(-[a-z][\w.+-]*)?$`
/** `latest`, a flavour by name, or a version whose parts stay below what was ever released. */
const named = `^(latest|stable|mainline|alpine|perl|slim|bookworm|trixie|lts)`

/** Tags of a repository: words that name a flavour, or these versions with or without one. */
export const tagsOf = (versions: string): RegExp =>
  new RegExp(`${named}${flavour}|^(?:${versions})${flavour}`)

export const healthPages: readonly Page[] = [
  { path: '/healthz*', status: 200, body: 'ok' },
  { path: '/livez*', status: 200, body: 'ok' },
  { path: '/readyz*', status: 200, body: 'ok' },
]

export function web(
  port: number,
  pages: readonly Page[],
  more: Partial<WebProgram> = {},
): WebProgram {
  return {
    kind: 'web',
    port,
    startMillis: 150,
    memoryMiB: 4,
    pages,
    stop: graceful,
    log: [],
    ...more,
  }
}

export function tcp(port: number, more: Partial<TcpProgram>): TcpProgram {
  return {
    kind: 'tcp',
    port,
    startMillis: 300,
    memoryMiB: 8,
    stop: { afterMillis: 300, exitCode: 0 },
    log: [],
    ...more,
  }
}

export const ping = (up: string, down: string, downExitCode = 1): Program => ({
  kind: 'ping',
  up,
  down,
  downExitCode,
})

export function image(
  repository: string,
  sizeMB: number,
  binaries: { readonly [name: string]: Program },
  more: Partial<Image> = {},
): Image {
  return {
    repository: repository.includes('.') ? repository : `docker.io/${repository}`,
    sizeBytes: Math.round(sizeMB * 1_000_000) + ((repository.length * 7919) % 9973),
    shell: true,
    entrypoint: [Object.keys(binaries)[0] ?? 'sh'],
    binaries,
    ...more,
  }
}

/** What an image is built on. */
export const debian = { base: 'debian' }
export const alpine = { base: 'alpine' }
export const bare = { shell: false }
