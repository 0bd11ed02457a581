import fs from 'node:fs'
import { judgeDirectory } from './judge'

const budgetMs = 60_000

function main([directory]: readonly string[]): number {
  if (directory === undefined || !fs.existsSync(directory)) {
    console.error('usage: npm run porcupine -- DIR   (etcd_*.log and EXPECTED.tsv)')
    return 1
  }
  const judgements = judgeDirectory(directory, budgetMs)
  for (const { file, result, expected, right, ms } of judgements) {
    const note = right ? '' : `, expected ${expected ?? 'a verdict'}`
    console.log(`${right ? 'ok  ' : 'FAIL'} ${file}: ${result}${note} (${ms} ms)`)
  }
  const wrong = judgements.filter(({ right }) => !right).length
  console.log(
    `${judgements.length - wrong} right, ${wrong} wrong of ${judgements.length} histories`,
  )
  return judgements.length > 0 && wrong === 0 ? 0 : 1
}

process.exitCode = main(process.argv.slice(2))
