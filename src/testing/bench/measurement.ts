/** One figure of `npm run bench`, printed as a line of JSON. */
export interface Measurement {
  readonly name: string
  readonly value: number
  readonly unit: string
}
