/** One operation of a history: called, and answered at a later time or, with `Infinity`, never. */
export interface Operation<I, O> {
  /** Times need only be ordered; equal times count as concurrent. */
  readonly call: number
  readonly end: number
  readonly input: I
  readonly output: O
}

/** A sequential object. States must be immutable. */
export interface Model<S, I, O> {
  readonly initial: S
  /** The state after the operation, or `undefined` when it could not have given this output. */
  step(state: S, input: I, output: O): S | undefined
  /** Equal for equal states. */
  keyOf(state: S): string | number
  /** Parts that are linearizable on their own if and only if the whole is (Herlihy and Wing 3.3). */
  partition?(history: readonly Operation<I, O>[]): ReadonlyMap<string, readonly Operation<I, O>[]>
}
