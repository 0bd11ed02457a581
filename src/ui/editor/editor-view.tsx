import { type RefObject, useEffect, useRef, useState } from 'react'
import { useSession } from '../app/session'
import type { LabStore } from '../store/lab-store'
import { useTheme } from '../theme/theme'
import { keepDraft, readDraft } from './draft'
import type { ManifestEditor } from './monaco/manifest-editor'

interface Props {
  readonly editor: RefObject<ManifestEditor | undefined>
  onApply(): void
  /** A word about the text: whether it is kept and checked. */
  onNote(note: string): void
  onEdit(): void
}

const KEEP_AFTER_MS = 400

type EditorModule = Pick<
  typeof import('./monaco/manifest-editor'),
  'createManifestEditor' | 'setEditorTheme'
>

/** Monaco, loaded when the panel is first shown. Text is kept in this browser as it is written. */
export function EditorView({ editor, onApply, onNote, onEdit }: Props) {
  const container = useRef<HTMLDivElement>(null)
  const handlers = useRef({ onApply, onNote, onEdit })
  useEffect(() => {
    handlers.current = { onApply, onNote, onEdit }
  })
  const { lab } = useSession()
  const [loaded, setLoaded] = useState<EditorModule>()
  const [failure, setFailure] = useState<string>()
  const theme = useTheme()

  useEffect(() => {
    afterBoot(lab)
      .then(loadEditor)
      .then(setLoaded, (error: unknown) => setFailure(String(error)))
  }, [lab])
  useEffect(() => {
    const element = container.current
    if (!loaded || !element) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const keep = () => {
      const current = editor.current
      if (!current) return
      const kept = keepDraft(current.text())
      const large = 'Too large to check while typing.'
      handlers.current.onNote(
        kept ? (current.isChecked() ? '' : large) : `${large} Not kept over a reload.`,
      )
    }
    const created = loaded.createManifestEditor({
      container: element,
      text: readDraft(),
      onApply: () => handlers.current.onApply(),
      onChange: () => {
        handlers.current.onEdit()
        clearTimeout(timer)
        timer = setTimeout(keep, KEEP_AFTER_MS)
      },
    })
    editor.current = created
    addEventListener('pagehide', keep)
    return () => {
      clearTimeout(timer)
      keep()
      removeEventListener('pagehide', keep)
      editor.current = undefined
      created.dispose()
    }
  }, [loaded, editor])
  useEffect(() => loaded?.setEditorTheme(theme), [loaded, theme])
  return (
    <div
      className="relative min-h-0 flex-1"
      data-testid="editor"
      data-state={loaded ? 'ready' : 'loading'}
    >
      <div ref={container} className="absolute inset-0" />
      {failure && (
        <p role="alert" className="m-4 text-[13px] text-red">
          The editor could not be loaded: {failure}. Reload the page to try again; your text is
          kept.
        </p>
      )}
    </div>
  )
}

const BOOT_MAX_MS = 3000

/** The cluster's boot has the processor first: the editor's code is large and can come after it. */
function afterBoot(lab: LabStore): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, BOOT_MAX_MS)
    const unsubscribe = lab.subscribe(look)
    function done() {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    function look() {
      const state = lab.get()
      if (state && state.activity !== 'booting') done()
    }
    look()
  })
}

async function loadEditor(): Promise<EditorModule> {
  const [{ createManifestEditor, setEditorTheme }, { prepareMonaco }] = await Promise.all([
    import('./monaco/manifest-editor'),
    import('./monaco/monaco'),
  ])
  await prepareMonaco()
  return { createManifestEditor, setEditorTheme }
}
