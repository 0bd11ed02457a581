import { type FileReport, replayDirectory, type Section } from './replay'

const SECTIONS: readonly Section[] = ['quorum', 'confchange', 'interaction']

/**
 * Replays a directory of etcd-io/raft's data-driven files: `main.ts DIR [--verbose]`. Exit code 1 if
 * any directive's output differs, or if there is nothing to replay.
 */
function main(args: readonly string[]): number {
  const verbose = args.includes('--verbose')
  const directory = args.find((arg) => !arg.startsWith('--'))
  if (directory === undefined) {
    console.error('usage: raft-testdata DIR [--verbose]')
    return 2
  }
  const reports = replayDirectory(directory)
  for (const report of reports) printFile(report, verbose)
  console.log('')
  for (const section of SECTIONS) printSection(section, reports)
  const failed = reports.some((report) => report.passed < report.total || report.total === 0)
  if (reports.length === 0) console.error(`no .txt files below ${directory}`)
  return failed || reports.length === 0 ? 1 : 0
}

function printFile(report: FileReport, verbose: boolean): void {
  const verdict = report.passed === report.total ? 'ok  ' : 'FAIL'
  console.log(`${verdict} ${report.passed}/${report.total} ${report.file}`)
  for (const m of verbose ? report.mismatches : report.mismatches.slice(0, 1)) {
    console.log(`     line ${m.line}: ${m.command}`)
    console.log(indent('expected', m.expected))
    console.log(indent('actual', m.actual))
  }
}

function indent(title: string, text: string): string {
  const lines = text.replace(/\n$/, '').split('\n')
  return [`     ${title}:`, ...lines.map((line) => `       ${line}`)].join('\n')
}

function printSection(section: Section, reports: readonly FileReport[]): void {
  const own = reports.filter((report) => report.section === section)
  const total = own.reduce((sum, report) => sum + report.total, 0)
  const passed = own.reduce((sum, report) => sum + report.passed, 0)
  const files = own.filter((report) => report.passed === report.total).length
  console.log(`${section}: ${passed}/${total} directives, ${files}/${own.length} files`)
}

process.exitCode = main(process.argv.slice(2))
