import { readSetting, writeSetting } from '../app/settings'
import { examples } from './examples'

/** What was written when the page was last open, or the first example. */
export function readDraft(): string {
  return readSetting('manifest', examples[0]!.text)
}

/** Answers whether it was kept: a browser keeps about five megabytes. */
export function keepDraft(text: string): boolean {
  return writeSetting('manifest', text)
}
