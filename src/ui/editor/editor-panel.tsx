import { Play, Trash2 } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { tinykeys } from 'tinykeys'
import { useSession } from '../app/session'
import { isInLayer } from '../app/shortcuts'
import { paceOf } from '../clock/speed'
import { useValue } from '../store/hooks'
import { EditorView } from './editor-view'
import { ExampleMenu } from './example-menu'
import { ManifestClient } from './manifest/manifest-client'
import { MessageList } from './message-list'
import type { ManifestEditor } from './monaco/manifest-editor'
import { type Message, submitManifest } from './submit'

const APPLY_KEYS = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘⏎' : 'Ctrl ⏎'

/** The manifest: write, apply, delete; what came of it stands below, with its lines. */
export default function EditorPanel() {
  const session = useSession()
  const editor = useRef<ManifestEditor>(undefined)
  const client = useRef<ManifestClient>(undefined)
  const working = useRef(false)
  const [busy, setBusy] = useState<'apply' | 'delete'>()
  const [messages, setMessages] = useState<readonly Message[]>([])
  const [note, setNote] = useState('')
  useEffect(() => () => client.current?.close(), [])

  const submit = useCallback(
    async (action: 'apply' | 'delete') => {
      const current = editor.current
      if (!current || working.current) return
      working.current = true
      client.current ??= new ManifestClient()
      setBusy(action)
      setMessages([])
      const result = await submitManifest(session, client.current, { text: current.text(), action })
      working.current = false
      setBusy(undefined)
      setMessages(result)
      current.mark(
        result.flatMap(({ tone, text, range }) =>
          tone === 'bad' && range ? [{ range, message: text }] : [],
        ),
      )
    },
    [session],
  )
  const apply = useCallback(() => void submit('apply'), [submit])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isInLayer(event.target)) return
      event.preventDefault()
      event.stopPropagation()
      apply()
    }
    // Before the element in focus: a button would take the key for a press.
    return tinykeys(window, { '$mod+Enter': onKey }, { capture: true })
  }, [apply])
  return (
    <section
      className="flex h-full flex-col bg-surface"
      aria-label="Manifest"
      data-testid="manifest"
    >
      <div className="flex h-10 shrink-0 items-center gap-2 border-b border-line px-3">
        <h2 className="text-[13px] font-semibold">manifest.yaml</h2>
        <span className="truncate text-xs text-muted">{note}</span>
        <div className="ml-auto">
          <ExampleMenu onChoose={(text) => editor.current?.replace(text)} />
        </div>
      </div>
      <EditorView editor={editor} onApply={apply} onNote={setNote} onEdit={() => setMessages([])} />
      <MessageList messages={messages} onGo={(range) => editor.current?.goTo(range)} />
      <div className="flex h-12 shrink-0 items-center gap-2 border-t border-line px-3">
        <button
          type="button"
          className="btn btn-primary h-8"
          onClick={apply}
          disabled={busy !== undefined}
          data-testid="apply"
        >
          <Play size={14} aria-hidden />
          Apply <kbd className="font-sans text-xs">{APPLY_KEYS}</kbd>
        </button>
        <button
          type="button"
          className="btn h-8"
          onClick={() => void submit('delete')}
          disabled={busy !== undefined}
          title="Delete every object that the manifest names"
          data-testid="delete"
        >
          <Trash2 size={14} aria-hidden />
          Delete
        </button>
        <Progress busy={busy} />
      </div>
    </section>
  )
}

function Progress({ busy }: { readonly busy?: 'apply' | 'delete' }) {
  const { lab } = useSession()
  const paused = paceOf(useValue(lab)) === 'paused'
  const text = paused
    ? 'The clock is paused: the answer comes when it runs.'
    : 'Waiting for the API server…'
  return (
    <span className="ml-auto text-right text-xs text-muted" role="status">
      {busy && text}
    </span>
  )
}
