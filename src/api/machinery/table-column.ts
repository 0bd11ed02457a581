import type { PodTemplateSpec } from '../generated/core-v1'
import type { LabelSelector } from '../generated/meta-v1'
import type { KubeObject } from '../object'
import { compareText } from './go-text'
import { requirementsText, selectorRequirements } from './selectors'
import { humanDuration, parseTime } from './time'

export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  readonly format: string
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number
}

export type Cell = string | number | boolean | null

/** How one kind is printed. `now` is in microseconds since 1970. */
export interface Printer {
  readonly columns: readonly Column[]
  cells(object: KubeObject, now: number): readonly Cell[]
  conditions?(object: KubeObject):
    | readonly {
        readonly type: string
        readonly status: string
        readonly reason?: string
        readonly message?: string
      }[]
    | undefined
}

/** A printer of one kind; the registry hands it only objects of that kind. */
export function printer<T extends KubeObject>(
  columns: readonly Column[],
  cells: (object: T, now: number) => readonly Cell[],
): Printer {
  return { columns, cells: (object, now) => cells(object as T, now) }
}

export function text(name: string, description: string): Column {
  return { name, type: 'string', format: '', description, priority: 0 }
}

export function integer(name: string, description: string): Column {
  return { name, type: 'integer', format: '', description, priority: 0 }
}

/** The column shown with `-o wide` only. */
export function wide(column: Column): Column {
  return { ...column, priority: 1 }
}

export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'The name of the object, unique among its kind in its namespace.',
  priority: 0,
}

export const AGE = text('Age', 'Time since the object was created.')

export const TEMPLATE_COLUMNS: readonly Column[] = [
  wide(text('Containers', "Names of the template's containers.")),
  wide(text('Images', "Images of the template's containers.")),
]

export const SELECTOR = wide(text('Selector', 'Which pods the object selects.'))

export const NONE = '<none>'

/** Time since a timestamp, `<unknown>` when there is none. */
export function since(timestamp: string | undefined | null, now: number): string {
  const micros = timestamp ? parseTime(timestamp) : undefined
  return micros === undefined ? '<unknown>' : humanDuration(now - micros)
}

export function age(object: KubeObject, now: number): string {
  return since(object.metadata.creationTimestamp, now)
}

/** `a=b,c=d` with sorted keys, or `<none>`. */
export function labelsText(labels: { readonly [key: string]: string } | undefined): string {
  const entries = Object.entries(labels ?? {}).sort((a, b) => compareText(a[0], b[0]))
  return entries.length === 0 ? NONE : entries.map(([key, value]) => `${key}=${value}`).join(',')
}

/** A selector's text; `whenEmpty` for one that selects everything or nothing. */
export function selectorText(selector: LabelSelector | undefined, whenEmpty = NONE): string {
  const text = requirementsText(selectorRequirements(selector) ?? [])
  return text === '' ? whenEmpty : text
}

export function containerNames(template: PodTemplateSpec | undefined): string {
  return template?.spec?.containers.map((container) => container.name).join(',') ?? ''
}

export function containerImages(template: PodTemplateSpec | undefined): string {
  return template?.spec?.containers.map((container) => container.image ?? '').join(',') ?? ''
}

/** `a,b,c + 2 more...`: a list cut after three. */
export function cut(list: readonly string[], max = 3): string {
  if (list.length <= max) return list.join(',')
  return `${list.slice(0, max).join(',')} + ${list.length - max} more...`
}
