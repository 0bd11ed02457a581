import { hash32 } from '../sim/random'

/** A parsed image reference: `docker.io`, `library/nginx`, `1.27`. */
export interface ImageName {
  readonly host: string
  readonly path: string
  readonly tag: string
  readonly digest: string
}

const defaultHost = 'docker.io'

/** Docker's rules: the first part is a host when it has a dot, a colon, or is `localhost`. */
export function parseImageName(image: string): ImageName {
  let rest = image
  let digest = ''
  const at = rest.indexOf('@')
  if (at >= 0) {
    digest = rest.slice(at + 1)
    rest = rest.slice(0, at)
  }
  const slash = rest.indexOf('/')
  const first = slash < 0 ? '' : rest.slice(0, slash)
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost'
  let host = isHost ? first : defaultHost
  let path = isHost ? rest.slice(slash + 1) : rest
  if (host === 'index.docker.io' || host === 'registry-1.docker.io') host = defaultHost
  let tag = ''
  const colon = path.lastIndexOf(':')
  if (colon > path.lastIndexOf('/')) {
    tag = path.slice(colon + 1)
    path = path.slice(0, colon)
  }
  if (host === defaultHost && !path.includes('/')) path = `library/${path}`
  return { host, path, tag: tag || (digest ? '' : 'latest'), digest }
}

/** `docker.io/library/nginx`. */
export function repositoryOf(name: ImageName): string {
  return `${name.host}/${name.path}`
}

/** `docker.io/library/nginx:1.27`: the name with all defaults filled in. */
export function fullImageName(name: ImageName): string {
  const tag = name.tag ? `:${name.tag}` : ''
  const digest = name.digest ? `@${name.digest}` : ''
  return repositoryOf(name) + tag + digest
}

/** A made-up but stable digest: the same text gives the same 64 digits. */
export function digestOf(text: string): string {
  let hex = ''
  let basis = 0x811c9dc5
  for (let i = 0; i < 8; i++) {
    basis = hash32(text, basis ^ Math.imul(i + 1, 0x9e3779b9))
    hex += basis.toString(16).padStart(8, '0')
  }
  return `sha256:${hex}`
}
