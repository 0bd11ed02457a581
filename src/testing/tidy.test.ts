import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const src = path.resolve(import.meta.dirname, '..')
const engineFolders = [
  ...['sim', 'raft', 'api', 'etcd', 'client', 'apiserver', 'controllers', 'scheduler'],
  ...['kubelet', 'runtime', 'network', 'cluster', 'control'],
]

/** What makes a run depend on its host. */
const hostWords = [
  /\bDate\.now\b/,
  /\bnew Date\b/,
  /\bMath\.random\b/,
  /\bsetTimeout\b/,
  /\bsetInterval\b/,
  /\bqueueMicrotask\b/,
  /\bstructuredClone\b/,
  /\blocaleCompare\b/,
  /\btoLocale/,
  /\basync\b\s*(\(|function|\*)/,
  /\bawait\b/,
  /\bperformance\.now\b/,
]

const linesMax = 600
const columnsMax = 120

function sourceFiles(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'generated' ? [] : sourceFiles(file)
    return /\.tsx?$/.test(entry.name) ? [file] : []
  })
}

function findings(files: readonly string[], look: (line: string) => boolean): string[] {
  return files.flatMap((file) =>
    fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        look(line) ? [`${path.relative(src, file)}:${index + 1}: ${line.trim()}`] : [],
      ),
  )
}

const all = sourceFiles(src)
const withoutTests = all.filter((file) => !/\.test\.tsx?$/.test(file))
const engine = withoutTests.filter((file) =>
  engineFolders.includes(path.relative(src, file).split(path.sep)[0] ?? ''),
)
const isComment = (line: string) => /^\s*(\/\/|\/?\*)/.test(line)

describe('the source', () => {
  it('asks the environment, never the host, in the engine', () => {
    const asks = (line: string) => !isComment(line) && hostWords.some((word) => word.test(line))
    expect(findings(engine, asks)).toEqual([])
  })

  it('has no unfinished business', () => {
    const others = all.filter((file) => file !== import.meta.filename)
    const unfinished = /\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|\bas any\b|\.(skip|only|todo)\(/
    expect(findings(others, (line) => unfinished.test(line))).toEqual([])
  })

  it(`keeps files to ${linesMax} lines and comments to ${columnsMax} columns`, () => {
    const long = withoutTests.filter(
      (file) => fs.readFileSync(file, 'utf8').split('\n').length > linesMax,
    )
    expect(long.map((file) => path.relative(src, file))).toEqual([])
    const isTableRow = (line: string) => /^\s*\*? ?\|.*\|$/.test(line)
    const wide = (line: string) => line.length > columnsMax && isComment(line) && !isTableRow(line)
    expect(findings(withoutTests, wide)).toEqual([])
  })
})
