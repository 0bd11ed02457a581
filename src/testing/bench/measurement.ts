/** One figure of `npm run bench`, printed as a line of JSON. */
export interface Measurement {
  readonly name: string
  readonly value: number
  readonly unit: string
}

/** What one run of a piece of work cost, in milliseconds. */
export interface Cost {
  readonly wall: number
  readonly cpu: number
}

/** Runs after the cold one; the median of the last three counts. */
const warmRuns = 5

/** Wall and CPU time of some work, compilation and collection in other threads included. */
export async function costOf(work: () => void | Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work()
  const wall = performance.now() - began
  const used = process.cpuUsage(cpu)
  return { wall, cpu: (used.user + used.system) / 1_000 }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/**
 * The same work several times in one process: `-cold-…` is the first run of a fresh process, most
 * of it compilation; `-wall` and `-cpu` are the median of the last three.
 */
export async function repeated(
  name: string,
  run: () => Promise<Cost> | Cost,
): Promise<Measurement[]> {
  const cold = await run()
  const warm: Cost[] = []
  for (let i = 0; i < warmRuns; i++) warm.push(await run())
  const last = warm.slice(-3)
  const figure = (suffix: string, value: number): Measurement => ({
    name: `${name}-${suffix}`,
    value: Math.round(value),
    unit: 'ms',
  })
  return [
    figure('cold-wall', cold.wall),
    figure('cold-cpu', cold.cpu),
    figure('wall', median(last.map(({ wall }) => wall))),
    figure('cpu', median(last.map(({ cpu }) => cpu))),
  ]
}
