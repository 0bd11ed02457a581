import type { Model, Operation } from './model'

/** A value of a register; `null` is none. */
export type RegisterValue = string | number | null

export type RegisterInput =
  | { readonly key: string; readonly type: 'read' }
  | { readonly key: string; readonly type: 'write'; readonly value: RegisterValue }
  | {
      readonly key: string
      readonly type: 'cas'
      readonly expected: RegisterValue
      readonly value: RegisterValue
    }

/** `unknown`: no answer came; the operation may have been done, once, at any time, or never. */
export type RegisterOutput =
  | { readonly type: 'ok'; readonly value?: RegisterValue }
  /** A compare-and-swap that found another value. */
  | { readonly type: 'refused' }
  | { readonly type: 'unknown' }

export type RegisterOperation = Operation<RegisterInput, RegisterOutput>

/** Registers that are read, written and compared-and-swapped, one for each key. */
export const registers: Model<RegisterValue, RegisterInput, RegisterOutput> = {
  initial: null,
  step(state, input, output) {
    switch (input.type) {
      case 'read':
        return output.type !== 'ok' || output.value === state ? state : undefined
      case 'write':
        return input.value
      case 'cas': {
        const matches = state === input.expected
        if (output.type === 'ok') return matches ? input.value : undefined
        if (output.type === 'refused') return matches ? undefined : state
        return matches ? input.value : state
      }
    }
  },
  keyOf: (state) => (typeof state === 'string' ? state : (state ?? '')),
  partition(history) {
    const parts = new Map<string, RegisterOperation[]>()
    for (const operation of history) {
      const part = parts.get(operation.input.key)
      if (part) part.push(operation)
      else parts.set(operation.input.key, [operation])
    }
    return parts
  },
}
