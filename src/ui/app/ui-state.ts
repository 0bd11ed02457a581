import { create } from 'zustand'
import { readSetting, writeSetting } from './settings'

/** A thing that found no room on the stage, in a menu. */
export interface Choice {
  readonly subject: Subject
  readonly label: string
}

/** What a person can point at. `key` is a machine's id or `namespace/name`. */
export interface Subject {
  readonly kind: 'machine' | 'pod' | 'service' | 'deployment'
  readonly key: string
}

export interface OpenMenu {
  /** What its actions are for; without one the menu offers `choices` to inspect. */
  readonly subject?: Subject
  readonly choices?: readonly Choice[]
  /** Page pixels. */
  readonly x: number
  readonly y: number
  /** Where the keyboard's focus goes back to. */
  readonly opener: HTMLElement | null
}

export interface Notice {
  readonly id: number
  readonly tone: 'plain' | 'good' | 'bad'
  readonly text: string
}

export type ThemeChoice = 'system' | 'light' | 'dark'

/** State of the page itself: lost on reload except for settings. */
export interface UiState {
  readonly selection?: Subject
  readonly menu?: OpenMenu
  readonly dialog?: 'set-up' | 'keys'
  /** The outcome of the latest action. */
  readonly notice?: Notice
  readonly showSystem: boolean
  readonly editorOpen: boolean
  readonly feedOpen: boolean
  readonly theme: ThemeChoice
  select(subject: Subject | undefined): void
  openMenu(menu: OpenMenu | undefined): void
  openDialog(dialog: UiState['dialog']): void
  notify(text: string, tone?: Notice['tone']): void
  set(changes: Partial<Pick<UiState, 'showSystem' | 'editorOpen' | 'feedOpen' | 'theme'>>): void
}

let notices = 0

export const useUi = create<UiState>()((set) => ({
  showSystem: readSetting('showSystem', false),
  editorOpen: readSetting('editorOpen', true),
  feedOpen: readSetting('feedOpen', false),
  theme: readSetting<ThemeChoice>('theme', 'system'),
  select: (selection) => set({ selection }),
  openMenu: (menu) => set({ menu }),
  openDialog: (dialog) => set({ dialog }),
  notify: (text, tone = 'plain') => {
    notices += 1
    const notice = { id: notices, tone, text }
    set({ notice })
  },
  set: (changes) => {
    for (const [name, value] of Object.entries(changes)) writeSetting(name, value)
    set(changes)
  },
}))

export function sameSubject(a: Subject | undefined, b: Subject | undefined): boolean {
  return a?.kind === b?.kind && a?.key === b?.key
}
