import ipaddr from 'ipaddr.js'

/*
 * Go's validation of names. Every function gives the list of what is wrong, in Kubernetes' words;
 * the empty list is approval.
 */

type Messages = readonly string[]

const FINE: Messages = []

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const WILDCARD = `\\*\\.${SUBDOMAIN}`
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const LABEL_VALUE = `(${QUALIFIED})?`
const CONFIG_KEY = '[-._a-zA-Z0-9]+'
const HTTP_HEADER = '[-A-Za-z0-9]+'
const PERCENT = '[0-9]+%'

const LABEL_PATTERN = whole(LABEL)
const SUBDOMAIN_PATTERN = whole(SUBDOMAIN)
const LABEL_1035_PATTERN = whole(LABEL_1035)
const WILDCARD_PATTERN = whole(WILDCARD)
const QUALIFIED_PATTERN = whole(QUALIFIED)
const LABEL_VALUE_PATTERN = whole(LABEL_VALUE)
const CONFIG_KEY_PATTERN = whole(CONFIG_KEY)
const HTTP_HEADER_PATTERN = whole(HTTP_HEADER)
const PERCENT_PATTERN = whole(PERCENT)

function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`)
}

const SUBDOMAIN_MESSAGE = regexMessage(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
    'and must start and end with an alphanumeric character',
  SUBDOMAIN,
  ['example.com'],
)
const LABEL_MESSAGE = regexMessage(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
    'and must start and end with an alphanumeric character',
  LABEL,
  ['my-name', '123-abc'],
)
const LABEL_1035_MESSAGE = regexMessage(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', " +
    'start with an alphabetic character, and end with an alphanumeric character',
  LABEL_1035,
  ['my-name', 'abc-123'],
)
const QUALIFIED_MESSAGE = regexMessage(
  "must consist of alphanumeric characters, '-', '_' or '.', " +
    'and must start and end with an alphanumeric character',
  QUALIFIED,
  ['MyName', 'my.name', '123-abc'],
)
const LABEL_VALUE_MESSAGE = regexMessage(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
    'and must start and end with an alphanumeric character',
  LABEL_VALUE,
  ['MyValue', 'my_value', '12345'],
)

/** `<message> (e.g. 'a',  or 'b', regex used for validation is '<pattern>')`. */
export function regexMessage(message: string, pattern: string, examples: Messages): string {
  const regex = `regex used for validation is '${pattern}')`
  if (examples.length === 0) return `${message} (${regex}`
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}${regex}`
}

/** `must be no more than 63 characters`; label keys and values say `bytes`. */
export function maxLengthMessage(max: number, unit: 'characters' | 'bytes' = 'characters'): string {
  return `must be no more than ${max} ${unit}`
}

/** Bytes of a string in UTF-8, which is how Go counts. */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    bytes += code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 2 : 1
  }
  return bytes
}

/** `pattern` allows nothing beyond ASCII. */
function check(text: string, max: number, pattern: RegExp, message: string): Messages {
  const matches = pattern.test(text)
  if (matches && text.length <= max) return FINE
  const tooLong = byteLength(text) > max
  return [...(tooLong ? [maxLengthMessage(max)] : []), ...(matches ? [] : [message])]
}

/** Names of containers, volumes, namespaces: at most 63 characters. */
export function isDNS1123Label(text: string): Messages {
  return check(text, 63, LABEL_PATTERN, LABEL_MESSAGE)
}

/** Names of most objects: at most 253 characters. */
export function isDNS1123Subdomain(text: string): Messages {
  return check(text, 253, SUBDOMAIN_PATTERN, SUBDOMAIN_MESSAGE)
}

/** Names of services before RelaxedServiceNameValidation: starts with a letter. */
export function isDNS1035Label(text: string): Messages {
  return check(text, 63, LABEL_1035_PATTERN, LABEL_1035_MESSAGE)
}

/** `*.example.com`. */
export function isWildcardDNS1123Subdomain(text: string): Messages {
  const message =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, " +
    "which must consist of lower case alphanumeric characters, '-' or '.' " +
    'and end with an alphanumeric character'
  return check(text, 253, WILDCARD_PATTERN, regexMessage(message, WILDCARD, ['*.example.com']))
}

/** Keys of labels, annotations, taints and node selectors: `example.com/name`. */
export function isQualifiedName(text: string): Messages {
  if (qualifiedNames.has(text)) return FINE
  const messages = qualifiedNameFaults(text)
  if (messages === FINE) {
    if (qualifiedNames.size >= qualifiedNamesMax) qualifiedNames.clear()
    qualifiedNames.add(text)
  }
  return messages
}

/** The same few keys of labels and conditions come again and again: those found to be fine. */
const qualifiedNames = new Set<string>()
const qualifiedNamesMax = 1_024

function qualifiedNameFaults(text: string): Messages {
  const slash = text.indexOf('/')
  const messages: string[] = []
  let name = text
  if (slash >= 0) {
    const prefix = text.slice(0, slash)
    name = text.slice(slash + 1)
    if (name.includes('/')) {
      return [
        `a valid label key ${QUALIFIED_MESSAGE} with an optional DNS subdomain prefix and '/' ` +
          "(e.g. 'example.com/MyName')",
      ]
    }
    if (prefix === '') messages.push('prefix part must be non-empty')
    else {
      if (byteLength(prefix) > 253) messages.push(`prefix part ${maxLengthMessage(253, 'bytes')}`)
      if (!SUBDOMAIN_PATTERN.test(prefix)) messages.push(`prefix part ${SUBDOMAIN_MESSAGE}`)
    }
  }
  if (name === '') messages.push('name part must be non-empty')
  else if (byteLength(name) > 63) messages.push(`name part ${maxLengthMessage(63, 'bytes')}`)
  if (!QUALIFIED_PATTERN.test(name)) messages.push(`name part ${QUALIFIED_MESSAGE}`)
  return messages.length === 0 ? FINE : messages
}

/** Values of labels; the empty string is one. */
export function isValidLabelValue(text: string): Messages {
  const matches = LABEL_VALUE_PATTERN.test(text)
  if (matches && text.length <= 63) return FINE
  const tooLong = byteLength(text) > 63
  return [
    ...(tooLong ? [maxLengthMessage(63, 'bytes')] : []),
    ...(matches ? [] : [LABEL_VALUE_MESSAGE]),
  ]
}

/** `must be between 1 and 65535, inclusive`. */
export function isValidPortNum(port: number): Messages {
  return isInRange(port, 1, 65_535)
}

export function isInRange(value: number, min: number, max: number): Messages {
  return value >= min && value <= max ? FINE : [`must be between ${min} and ${max}, inclusive`]
}

/** IANA service names: at most 15 characters, one letter, no double hyphens. */
export function isValidPortName(text: string): Messages {
  const messages: string[] = []
  if (byteLength(text) > 15) messages.push(maxLengthMessage(15))
  if (!/^[-a-z0-9]+$/.test(text)) {
    messages.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  }
  if (!/[a-z]/.test(text)) messages.push('must contain at least one letter (a-z)')
  if (text.includes('--')) messages.push('must not contain consecutive hyphens')
  if (text.startsWith('-') || text.endsWith('-')) {
    messages.push('must not begin or end with a hyphen')
  }
  return messages
}

/** 4, 6, or undefined when the text is no IP address. Leading zeros and zones are refused. */
export function ipFamily(text: string): 4 | 6 | undefined {
  if (!text.includes(':')) return isFourPartDecimal(text) ? 4 : undefined
  return !text.includes('%') && ipaddr.IPv6.isValid(text) ? 6 : undefined
}

/** Four numbers of 0 to 255 without leading zeros. */
function isFourPartDecimal(text: string): boolean {
  let parts = 1
  let value = -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46 && value >= 0) {
      parts++
      value = -1
    } else if (code >= 48 && code <= 57 && value !== 0) {
      value = (value < 0 ? 0 : value * 10) + code - 48
      if (value > 255) return false
    } else return false
  }
  return parts === 4 && value >= 0
}

export function isValidIP(text: string): Messages {
  return ipFamily(text) !== undefined
    ? FINE
    : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
}

/** `10.9.8.0/24`; bits outside the mask are allowed, as in Go's `ParseCIDR`. */
export function isValidCIDR(text: string): Messages {
  const slash = text.indexOf('/')
  const family = slash < 0 ? undefined : ipFamily(text.slice(0, slash))
  const bits = text.slice(slash + 1)
  if (family !== undefined && /^(?:0|[1-9][0-9]{0,2})$/.test(bits)) {
    if (Number(bits) <= (family === 4 ? 32 : 128)) return FINE
  }
  return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']
}

export function isValidPercent(text: string): Messages {
  if (PERCENT_PATTERN.test(text)) return FINE
  return [
    regexMessage(
      "a valid percent string must be a numeric string followed by an ending '%'",
      PERCENT,
      ['1%', '93%'],
    ),
  ]
}

export function isHTTPHeaderName(text: string): Messages {
  if (HTTP_HEADER_PATTERN.test(text)) return FINE
  return [
    regexMessage(
      "a valid HTTP header must consist of alphanumeric characters or '-'",
      HTTP_HEADER,
      ['X-Header-Name'],
    ),
  ]
}

/** The form that `env[].name` is checked against: printable ASCII except `=`. */
export function isRelaxedEnvVarName(text: string): Messages {
  if (text === '') return ['environment variable name must be non-empty']
  if (/^[ -<>-~]+$/.test(text)) return FINE
  return [
    'a valid environment variable name must consist only of printable ASCII characters ' +
      "other than '='",
  ]
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(text: string): Messages {
  const messages = check(
    text,
    253,
    CONFIG_KEY_PATTERN,
    regexMessage(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
      CONFIG_KEY,
      ['key.name', 'KEY_NAME', 'key-name'],
    ),
  )
  const dots = dotPrefixMessages(text)
  return dots.length === 0 ? messages : [...messages, ...dots]
}

function dotPrefixMessages(text: string): Messages {
  if (text === '.') return ["must not be '.'"]
  if (text === '..') return ["must not be '..'"]
  return text.startsWith('..') ? ["must not start with '..'"] : FINE
}
