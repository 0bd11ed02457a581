/** Virtual time: an integer count of microseconds. */
export type Micros = number

export const micros = (n: number): Micros => n
export const millis = (n: number): Micros => n * 1_000
export const seconds = (n: number): Micros => n * 1_000_000
export const minutes = (n: number): Micros => n * 60_000_000
