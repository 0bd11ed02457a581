import { FileCode2, Keyboard, Monitor, Moon, Settings2, Sun } from 'lucide-react'
import { nextTheme, useTheme } from '../theme/theme'
import { useUi } from './ui-state'

const WORDS = { system: 'as the system has it', light: 'light', dark: 'dark' }

/** What the page shows and how, at the right end of the top bar. */
export function TopActions() {
  const { showSystem, editorOpen, theme, set, openDialog } = useUi()
  const inForce = useTheme()
  const next = nextTheme(theme, inForce)
  const ThemeIcon = theme === 'system' ? Monitor : theme === 'dark' ? Moon : Sun
  return (
    <div className="ml-auto flex items-center gap-1.5">
      <button
        type="button"
        className="btn"
        aria-pressed={editorOpen}
        aria-label="Manifest"
        title="Show or put away the manifest"
        onClick={() => set({ editorOpen: !editorOpen })}
      >
        <FileCode2 size={15} aria-hidden />
      </button>
      <button
        type="button"
        className="btn"
        aria-pressed={showSystem}
        title="Show what the cluster needs for itself: kube-system, kube-public, kube-node-lease"
        onClick={() => set({ showSystem: !showSystem })}
        data-testid="show-system"
      >
        <Settings2 size={15} aria-hidden />
        System
      </button>
      <button
        type="button"
        className="btn"
        aria-label={`Theme: ${WORDS[theme]}. Change to ${WORDS[next]}`}
        title={`Theme: ${WORDS[theme]}`}
        onClick={() => set({ theme: next })}
        data-testid="theme"
      >
        <ThemeIcon size={15} aria-hidden />
      </button>
      <button
        type="button"
        className="btn"
        aria-label="Keys and signs"
        title="Keys and signs (?)"
        onClick={() => openDialog('keys')}
      >
        <Keyboard size={15} aria-hidden />
      </button>
    </div>
  )
}
