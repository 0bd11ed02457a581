const HOST_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const DOMAIN = new RegExp(`^${HOST_PART}(?:\\.${HOST_PART})*(?::[0-9]+)?$`)
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/
const nameLengthMax = 255
const IDENTIFIER = /^[a-f0-9]{64}$/

/**
 * The tag that an image reference asks for: `latest` when it names neither tag nor digest, empty
 * for a digest alone and for text that is no reference (distribution/reference's grammar).
 */
export function imageTag(image: string): string {
  let rest = image
  let digest: string | undefined
  const at = rest.indexOf('@')
  if (at >= 0) {
    digest = rest.slice(at + 1)
    rest = rest.slice(0, at)
    if (!DIGEST.test(digest)) return ''
  }
  let tag: string | undefined
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1)
  if (colon >= 0) {
    tag = rest.slice(colon + 1)
    rest = rest.slice(0, colon)
    if (!TAG.test(tag)) return ''
  }
  if (IDENTIFIER.test(image) || !isRepository(rest)) return ''
  return tag ?? (digest === undefined ? 'latest' : '')
}

function isRepository(name: string): boolean {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const hasDomain =
    slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  if (hasDomain && !DOMAIN.test(first)) return false
  const path = hasDomain ? name.slice(slash + 1) : name
  const full = hasDomain ? name : `docker.io/${slash < 0 ? 'library/' : ''}${name}`
  return full.length <= nameLengthMax && PATH.test(path)
}

const policies = new Map<string, 'Always' | 'IfNotPresent'>()
const policiesMax = 2048

/** The pull policy of an image that says nothing: Always for `latest`. Remembers what it saw. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  let policy = policies.get(image)
  if (policy === undefined) {
    policy = imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent'
    if (policies.size >= policiesMax) policies.clear()
    policies.set(image, policy)
  }
  return policy
}
