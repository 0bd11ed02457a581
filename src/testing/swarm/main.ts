import { rarities } from '../checkers/ledger'
import { runSeed } from './run-seed'

interface Options {
  readonly seed: number
  readonly seeds: number
}

function optionsOf(args: readonly string[]): Options | undefined {
  const value = (name: string, otherwise: number): number => {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? otherwise : Number(args[at + 1])
  }
  const options = { seed: value('seed', 1), seeds: value('seeds', 20) }
  return Object.values(options).every((n) => Number.isInteger(n) && n >= 0) ? options : undefined
}

function main(args: readonly string[]): number {
  const options = optionsOf(args)
  if (!options) {
    console.error('usage: npm run swarm -- [--seeds N] [--seed FIRST]')
    return 1
  }
  const counts = new Map<string, number>()
  let failed = 0
  for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
    const began = performance.now()
    const took = () => `${((performance.now() - began) / 1000).toFixed(1)} s`
    try {
      const report = runSeed(seed)
      for (const [what, times] of report.counts) counts.set(what, (counts.get(what) ?? 0) + times)
      const virtual = Math.round(report.virtualTime / 1_000_000)
      console.log(`ok   seed ${seed}: ${report.revisions} revisions, ${virtual} s in ${took()}`)
    } catch (error) {
      failed++
      console.log(
        `FAIL seed ${seed}: ${error instanceof Error ? error.message : error} (${took()})`,
      )
      console.log(`     replay: npm run swarm -- --seed ${seed} --seeds 1`)
      if (options.seeds === 1 && error instanceof Error) console.log(error.stack)
    }
  }
  for (const what of rarities) console.log(`${String(counts.get(what) ?? 0).padStart(7)}  ${what}`)
  const never = rarities.filter((what) => !counts.has(what))
  if (never.length > 0) console.log(`never seen: ${never.join('; ')}`)
  console.log(`${options.seeds - failed} of ${options.seeds} seeds passed`)
  return failed === 0 && options.seeds > 0 ? 0 : 1
}

process.exitCode = main(process.argv.slice(2))
