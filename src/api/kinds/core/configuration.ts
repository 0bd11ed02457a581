import type { ConfigMap, Secret, ServiceAccount } from '../../generated/core-v1'
import { type FieldError, forbidden, invalid, Path, required, tooLong } from '../../machinery/field'
import { parseJson } from '../../machinery/json'
import { byteLength, isConfigMapKey } from '../../machinery/names'
import { semanticEqual } from '../../machinery/semantic-equal'
import { checkAll, FIELD_IMMUTABLE } from '../checks'
import { type KindStrategy, strategyOf } from '../strategy'
import { base64Bytes, decodeBase64, encodeBase64 } from './base64'

const sizeBytesMax = 1024 * 1024
const DATA = Path.of('data')
const BINARY_DATA = Path.of('binaryData')
const IMMUTABLE_SET = 'field is immutable when `immutable` is set'

type Bag = Readonly<Record<string, string>>

function checkKeys(bag: Bag | undefined, path: Path, errors: FieldError[]): void {
  for (const key in bag) {
    const messages = isConfigMapKey(key)
    if (messages.length > 0) checkAll(messages, key, path.key(key), errors)
  }
}

function checkFrozen<T extends { readonly immutable?: boolean }>(
  next: T,
  old: T,
  bags: readonly (keyof T & string)[],
  errors: FieldError[],
): void {
  if (old.immutable !== true) return
  if (next.immutable !== true) errors.push(forbidden(Path.of('immutable'), IMMUTABLE_SET))
  for (const bag of bags) {
    if (!semanticEqual(next[bag] ?? {}, old[bag] ?? {})) {
      errors.push(forbidden(Path.of(bag), IMMUTABLE_SET))
    }
  }
}

function validateConfigMap(map: ConfigMap, errors: FieldError[]): void {
  checkKeys(map.data, DATA, errors)
  let size = 0
  for (const key in map.data) {
    if (map.binaryData && Object.hasOwn(map.binaryData, key)) {
      errors.push(invalid(DATA.key(key), key, 'duplicate of key present in binaryData'))
    }
    size += byteLength(map.data[key]!)
  }
  checkKeys(map.binaryData, BINARY_DATA, errors)
  for (const key in map.binaryData) size += base64Bytes(map.binaryData[key]!)
  if (size > sizeBytesMax) errors.push(tooLong(Path.root, sizeBytesMax))
}

/** Rules of `configmaps`. */
export const configMapStrategy: KindStrategy<ConfigMap> = strategyOf<ConfigMap>({
  metadataAgain: true,
  validate: validateConfigMap,
  validateUpdate(next, old, errors) {
    checkFrozen(next, old, ['data', 'binaryData'], errors)
    validateConfigMap(next, errors)
  },
})

/** Writes `stringData` into `data`; clients never read it back. */
function secretDefaults(secret: Secret): Secret {
  let next = secret
  if (next.stringData) {
    const { stringData, ...rest } = next
    const data: Record<string, string> = { ...next.data }
    for (const key of Object.keys(stringData)) data[key] = encodeBase64(stringData[key]!)
    next = { ...rest, data } as Secret
  }
  return next.type ? next : { ...next, type: 'Opaque' }
}

/** Keys that a secret of a type must have. */
const REQUIRED_KEYS: { readonly [type: string]: readonly string[] } = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
}

function validateSecret(secret: Secret, errors: FieldError[]): void {
  const data = secret.data ?? {}
  checkKeys(data, DATA, errors)
  let size = 0
  for (const key in data) size += base64Bytes(data[key]!)
  if (size > sizeBytesMax) errors.push(tooLong(DATA, sizeBytesMax))
  const type = secret.type ?? ''
  for (const key of REQUIRED_KEYS[type] ?? []) {
    if (!Object.hasOwn(data, key)) errors.push(required(DATA.key(key)))
    else if (key.startsWith('.docker')) checkJson(data[key]!, DATA.key(key), errors)
  }
  switch (type) {
    case 'kubernetes.io/service-account-token': {
      const name = 'kubernetes.io/service-account.name'
      if (secret.metadata.annotations?.[name]) return
      errors.push(required(Path.of('metadata', 'annotations').key(name)))
      return
    }
    case 'kubernetes.io/basic-auth':
      if (Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password')) return
      errors.push(required(DATA.key('username')), required(DATA.key('password')))
      return
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) errors.push(required(DATA.key('ssh-privatekey')))
  }
}

function checkJson(base64: string, path: Path, errors: FieldError[]): void {
  const parsed = parseJson(decodeBase64(base64))
  const value = parsed.ok ? parsed.value : undefined
  if (!parsed.ok) errors.push(invalid(path, '<secret contents redacted>', parsed.error))
  else if (typeof value !== 'object' || Array.isArray(value)) {
    const what = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    const detail = `json: cannot unmarshal ${what} into Go value of type map[string]interface {}`
    errors.push(invalid(path, '<secret contents redacted>', detail))
  }
}

/** Rules of `secrets`. */
export const secretStrategy: KindStrategy<Secret> = strategyOf<Secret>({
  metadataAgain: true,
  defaults: secretDefaults,
  validate: validateSecret,
  prepareForUpdate: (next, old) => (next.type ? next : { ...next, type: old.type }),
  validateUpdate(next, old, errors) {
    if (next.type !== old.type) errors.push(invalid(Path.of('type'), next.type, FIELD_IMMUTABLE))
    checkFrozen(next, old, ['data'], errors)
    validateSecret(next, errors)
  },
})

/** Rules of `serviceaccounts`. */
export const serviceAccountStrategy: KindStrategy<ServiceAccount> = strategyOf<ServiceAccount>({
  metadataAgain: true,
})
