import { clockText } from '../view/time'
import type { FeedLine } from './feed'

/** The stretch of virtual time that the strip shows, in microseconds. */
export interface Range {
  readonly from: number
  readonly to: number
}

export interface Mark {
  readonly id: string
  /** 0 at the left end, 1 at the right. */
  readonly at: number
  readonly tone: FeedLine['tone']
  readonly sign: string
  readonly title: string
}

const MINUTE = 60_000_000
const SPANS = [2, 5, 10, 20, 60, 180, 720, 1440].map((minutes) => minutes * MINUTE)
const MARKS_MAX = 40
const MARK_WIDTH = 0.018

/** Grows in steps, so that marks seldom shift; the last tenth stays free for what comes. */
export function windowOf(now: number): Range {
  const span = SPANS.find((candidate) => now < candidate * 0.9) ?? SPANS.at(-1)!
  if (now < span * 0.9) return { from: 0, to: span }
  const step = span / 10
  const to = Math.ceil((now + step) / step) * step
  return { from: to - span, to }
}

const SIGNS: { readonly [tone in FeedLine['tone']]: string } = {
  plain: '·',
  good: '✓',
  warn: '!',
  bad: '×',
  leader: '♛',
}

const WEIGHT: { readonly [tone in FeedLine['tone']]: number } = {
  bad: 4,
  leader: 3,
  warn: 2,
  good: 1,
  plain: 0,
}

/** The notable lines as marks; of those that would cover one another the weightiest stays. */
export function marksOf(lines: readonly FeedLine[], range: Range): readonly Mark[] {
  const width = range.to - range.from
  const marks: { mark: Mark; weight: number }[] = []
  for (const line of lines) {
    if (line.tone === 'plain' || line.time < range.from) continue
    const at = (line.time - range.from) / width
    const mark = {
      id: line.id,
      at,
      tone: line.tone,
      sign: SIGNS[line.tone],
      title: `${clockText(line.time, 1)} ${line.text}`,
    }
    const last = marks.at(-1)
    if (last && at - last.mark.at < MARK_WIDTH) {
      if (WEIGHT[line.tone] > last.weight)
        marks[marks.length - 1] = { mark, weight: WEIGHT[line.tone] }
      continue
    }
    marks.push({ mark, weight: WEIGHT[line.tone] })
  }
  return marks.slice(-MARKS_MAX).map(({ mark }) => mark)
}
