import { tinykeys } from 'tinykeys'
import { setSpeed, settle, speeds, togglePause } from '../clock/speed'
import { isFocusedByPointer } from './modality'
import type { Session } from './session'
import { useUi } from './ui-state'

/** Keys that work wherever nobody is typing, for the dialog that lists them. */
export const keyTable: readonly { readonly keys: string; readonly does: string }[] = [
  { keys: 'Space', does: 'Pause the clock or let it run' },
  { keys: '1  2  3', does: 'Run at 1×, 10×, 60×' },
  { keys: '.', does: 'Run until settled' },
  { keys: 'Ctrl/Cmd + Enter', does: 'Apply the manifest' },
  { keys: '← ↑ → ↓', does: 'Move over the stage' },
  { keys: 'Enter', does: 'What can be done with it: its menu' },
  { keys: '+  -  0', does: 'Zoom in, zoom out, show all' },
  { keys: 'Esc', does: 'Close the inspector' },
  { keys: 'Esc  Tab', does: 'Leave the editor' },
  { keys: 'm', does: 'Show or put away the manifest' },
  { keys: 'e', does: 'Show or put away the events' },
  { keys: 'n', does: 'New cluster' },
  { keys: '?', does: 'This list' },
]

const TYPING = 'input, textarea, select, [contenteditable], .monaco-editor'
const LAYERS = '[role="dialog"], [role="menu"]'

/** Whether this is in a dialog or menu, which has the keys to itself. */
export function isInLayer(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(LAYERS) !== null
}

/**
 * A key belongs to the page unless somebody types or a layer is open. Space belongs to the control
 * that was reached by key; one that was clicked lets it go.
 */
function isFree(event: KeyboardEvent): boolean {
  const target = event.target
  if (event.defaultPrevented) return false
  if (!(target instanceof Element)) return true
  if (target.closest(TYPING) || isInLayer(target)) return false
  return event.key !== ' ' || isFocusedByPointer() || !target.closest('button, [role="button"]')
}

/** An action for a key that does nothing where the key belongs to something else. */
export function free(action: () => void): (event: KeyboardEvent) => void {
  return (event) => {
    if (!isFree(event)) return
    event.preventDefault()
    action()
  }
}

export function bindShortcuts(session: Session): () => void {
  const ui = useUi.getState
  return tinykeys(window, {
    Space: free(() => togglePause(session)),
    '1': free(() => setSpeed(session, speeds[0])),
    '2': free(() => setSpeed(session, speeds[1])),
    '3': free(() => setSpeed(session, speeds[2])),
    '.': free(() => void settle(session)),
    m: free(() => ui().set({ editorOpen: !ui().editorOpen })),
    e: free(() => ui().set({ feedOpen: !ui().feedOpen })),
    n: free(() => ui().openDialog('set-up')),
    '?': free(() => ui().openDialog('keys')),
    'Shift+?': free(() => ui().openDialog('keys')),
    Escape: free(() => ui().select(undefined)),
  })
}
