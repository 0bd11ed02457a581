/** Thrown when the protocol's own invariants are broken: a defect, never an expected failure. */
export class RaftInvariantError extends Error {
  override readonly name = 'RaftInvariantError'
}

/** Stops the member: its state can no longer be trusted. */
export function broken(message: string): never {
  throw new RaftInvariantError(message)
}

/** Member ids are printed in hexadecimal, as etcd does. */
export function hex(id: number): string {
  return id.toString(16)
}
