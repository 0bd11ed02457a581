import { hash32 } from '../sim/random'
import { digestOf, fullImageName, type ImageName, repositoryOf } from './image-name'
import { baseLayerBytes, findImage, genericImage } from './programs/catalogue'
import type { Image } from './programs/program'

/** Registries that exist. Any other host name is unknown to DNS. */
const knownHosts: readonly RegExp[] = [
  /^docker\.io$/,
  /^(.+\.)?gcr\.io$/,
  /^(registry|cdn)\.k8s\.io$/,
  /^ghcr\.io$/,
  /^quay\.io$/,
  /^mcr\.microsoft\.com$/,
  /^public\.ecr\.aws$/,
  /^\d+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$/,
  /^[a-z0-9-]+-docker\.pkg\.dev$/,
  /^docker\.pkg\.github\.com$/,
  /^[a-z0-9]+\.azurecr\.io$/,
  /^registry\.gitlab\.com$/,
  /^nvcr\.io$/,
  /^docker\.elastic\.co$/,
  /^registry\.(access\.)?redhat\.(com|io)$/,
  /^registry\.opensource\.zalan\.do$/,
  /^(cgr\.dev|lscr\.io|icr\.io|docker\.n8n\.io|docker\.getcollate\.io)$/,
  /^[a-z]+\.ocir\.io$/,
  /^container-registry\.oracle\.com$/,
  /^registry\.[a-z0-9-]+\.aliyuncs\.com$/,
  /^[a-z0-9]+\.mirror\.aliyuncs\.com$/,
]

/** Names that say of themselves that nobody published them. */
const absentWords =
  /(^|[^a-z])(does-?not-?exist|doesnt-?exist|no-?such(-[a-z]+)*|non-?existent|non-?existing|nope|not-?found|bogus|typo|missing|no-?image)([^a-z]|$)/

export interface ImageManifest {
  readonly image: Image
  /** `docker.io/library/nginx@sha256:…`. */
  readonly id: string
  readonly sizeBytes: number
  readonly layers: readonly { readonly digest: string; readonly bytes: number }[]
  /** No program of this image is known. */
  readonly generic: boolean
}

export type Resolution =
  | { readonly ok: true; readonly manifest: ImageManifest }
  | { readonly ok: false; readonly error: string }

/**
 * What the registries of the world answer. Rules, in this order: a host outside the list does not
 * resolve; a repository or tag whose name says that it does not exist does not; a catalogue
 * repository has the catalogue's tags; every other repository has every tag.
 */
export function resolveImage(name: ImageName): Resolution {
  const full = fullImageName(name)
  const refuse = (why: string): Resolution => ({
    ok: false,
    error: `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${why}`,
  })
  const { host } = name
  const url = `https://${apiHost(host)}/v2/${name.path}/manifests/${name.tag || name.digest}`
  if (host.startsWith('localhost') || host.startsWith('127.')) {
    const port = host.includes(':') ? '' : ':443'
    return refuse(
      `failed to do request: Head "${url}": dial tcp 127.0.0.1${port || host.slice(host.indexOf(':'))}: connect: connection refused`,
    )
  }
  const bare = host.replace(/:\d+$/, '')
  if (bare !== host || !knownHosts.some((pattern) => pattern.test(host))) {
    return refuse(`failed to do request: Head "${url}": dial tcp: lookup ${bare}: no such host`)
  }
  const repository = repositoryOf(name)
  if (absentWords.test(name.path.toLowerCase())) {
    return name.host === 'docker.io' ? refuse(denied) : absentText(refuse(`${full}: not found`))
  }
  const known = findImage(repository)
  const absent = absentWords.test(name.tag.toLowerCase())
  if (absent || (known?.tags && name.tag !== '' && !known.tags.test(name.tag))) {
    return absentText(refuse(`${full}: not found`))
  }
  return { ok: true, manifest: manifestOf(name, known) }
}

/** gRPC tells its code except `Unknown`; only "not found" has one of its own. */
function absentText(resolution: Resolution): Resolution {
  if (resolution.ok) return resolution
  return { ok: false, error: `rpc error: code = NotFound desc = ${resolution.error}` }
}

function manifestOf(name: ImageName, known: Image | undefined): ImageManifest {
  const repository = repositoryOf(name)
  const sizeBytes = known?.sizeBytes ?? 20_000_000 + (hash32(repository) % 80_000_000)
  const base = known?.base === undefined ? 0 : (baseLayerBytes[known.base] ?? 0)
  const layers =
    base > 0 && base < sizeBytes
      ? [
          { digest: digestOf(`layer ${known?.base}`), bytes: base },
          { digest: digestOf(`layer ${fullImageName(name)}`), bytes: sizeBytes - base },
        ]
      : [{ digest: digestOf(`layer ${fullImageName(name)}`), bytes: sizeBytes }]
  const digest = name.digest || digestOf(`${repository}:${name.tag}`)
  return {
    image: known ?? genericImage(repository, sizeBytes),
    id: `${repository}@${digest}`,
    sizeBytes,
    layers,
    generic: known === undefined || known.binaries[known.entrypoint[0] ?? '']?.kind === 'generic',
  }
}

function apiHost(host: string): string {
  return host === 'docker.io' ? 'registry-1.docker.io' : host
}

/** Docker Hub does not tell what is private from what does not exist. */
const denied =
  'pull access denied, repository does not exist or may require authorization: ' +
  'server message: insufficient_scope: authorization failed'
