import type { Status } from '../../../api/generated/meta-v1'

export type FieldPath = readonly (string | number)[]

/** `spec.containers[0].image` → `['spec', 'containers', 0, 'image']`; `labels[app]` by name. */
export function parseFieldPath(text: string): FieldPath {
  const path: (string | number)[] = []
  for (const match of text.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)) {
    const [, inBrackets, name] = match
    if (name !== undefined) path.push(name)
    else if (inBrackets !== undefined) {
      path.push(/^\d+$/.test(inBrackets) ? Number(inBrackets) : inBrackets.replace(/^"|"$/g, ''))
    }
  }
  return path
}

export interface FieldProblem {
  readonly path: FieldPath
  readonly message: string
}

/** What a refusal says about single fields; a refusal about none has one problem at the root. */
export function fieldProblems(status: Status): readonly FieldProblem[] {
  const causes = status.details?.causes ?? []
  const named = causes.filter((cause) => cause.field)
  if (named.length > 0) {
    return named.map((cause) => ({
      path: parseFieldPath(cause.field!),
      message: `${cause.field}: ${cause.message ?? cause.reason ?? 'Invalid'}`,
    }))
  }
  const message = status.message ?? 'The API server refused this object.'
  const fields = [
    ...message.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g),
    ...message.matchAll(/Go struct field [A-Za-z]+\.([\w.[\]]+) of type/g),
  ]
  if (fields.length === 0) return [{ path: [], message }]
  return fields.map((match) => ({
    path: parseFieldPath(match[1]!),
    message: match[0].includes('type') ? message : match[0],
  }))
}
