/** Receives the core's log lines (etcd-io/raft's wording). Omit it and no line is ever formatted. */
export interface Logger {
  debug(line: string): void
  info(line: string): void
  warning(line: string): void
  error(line: string): void
}
