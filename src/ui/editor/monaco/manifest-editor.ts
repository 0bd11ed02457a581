import { isFocusedByPointer } from '../../app/modality'
import type { TextRange } from '../manifest/parse-manifest'
import { languageFor, monaco } from './monaco'

export interface EditorMark {
  readonly range: TextRange
  readonly message: string
}

/** The one text editor of the page, as the panel uses it. */
export interface ManifestEditor {
  text(): string
  /** Replaces the text; one undo brings the old one back. */
  replace(text: string): void
  /** The server's and the parser's errors; gone when the text changes. */
  mark(marks: readonly EditorMark[]): void
  goTo(range: TextRange): void
  /** Whether the schema is checked while typing. */
  isChecked(): boolean
  dispose(): void
}

interface Options {
  readonly container: HTMLElement
  readonly text: string
  onChange(text: string): void
  onApply(): void
}

const OWNER = 'kubarium'

/**
 * Tab indents once somebody has clicked into the text or typed; for who came by Tab, or has pressed
 * Escape, it goes on to the next control.
 */
export function createManifestEditor({
  container,
  text,
  onChange,
  onApply,
}: Options): ManifestEditor {
  const uri = monaco.Uri.parse('file:///manifest.yaml')
  monaco.editor.getModel(uri)?.dispose()
  const model = monaco.editor.createModel(text, languageFor(text), uri)
  model.updateOptions({ tabSize: 2, insertSpaces: true })
  const editor = monaco.editor.create(container, {
    model,
    automaticLayout: true,
    fontFamily: '"JetBrains Mono Variable", monospace',
    fontSize: 13,
    lineHeight: 20,
    lineNumbersMinChars: 4,
    lineDecorationsWidth: 4,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    renderWhitespace: 'none',
    overviewRulerBorder: false,
    padding: { top: 10, bottom: 10 },
    fixedOverflowWidgets: true,
    quickSuggestions: { other: true, comments: false, strings: true },
    suggest: { showWords: false },
    ariaLabel: 'Manifest in YAML. After Escape, Tab leaves the editor.',
    wordBasedSuggestions: 'off',
    largeFileOptimizations: true,
    maxTokenizationLineLength: 5000,
    stickyScroll: { enabled: false },
  })
  editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, onApply)
  const letTabLeave = (tabFocusMode: boolean) => editor.updateOptions({ tabFocusMode })
  editor.onDidFocusEditorText(() => letTabLeave(!isFocusedByPointer()))
  editor.onKeyDown(({ keyCode }) => {
    if (keyCode === monaco.KeyCode.Escape) letTabLeave(true)
  })
  const subscription = model.onDidChangeContent(() => {
    letTabLeave(false)
    const now = model.getValue()
    const language = languageFor(now)
    if (language !== model.getLanguageId()) monaco.editor.setModelLanguage(model, language)
    monaco.editor.setModelMarkers(model, OWNER, [])
    onChange(now)
  })
  return {
    text: () => model.getValue(),
    replace(next) {
      editor.pushUndoStop()
      editor.executeEdits('example', [{ range: model.getFullModelRange(), text: next }])
      editor.pushUndoStop()
      editor.setScrollTop(0)
      editor.setPosition({ lineNumber: 1, column: 1 })
    },
    mark(marks) {
      monaco.editor.setModelMarkers(model, OWNER, marks.map(markerOf))
    },
    goTo(range) {
      editor.setPosition({ lineNumber: range.startLine, column: range.startColumn })
      editor.revealLineInCenter(range.startLine)
      editor.focus()
    },
    isChecked: () => model.getLanguageId() === 'yaml',
    dispose() {
      subscription.dispose()
      editor.dispose()
      model.dispose()
    },
  }
}

function markerOf({ range, message }: EditorMark) {
  return {
    severity: monaco.MarkerSeverity.Error,
    message,
    source: 'Kubernetes',
    startLineNumber: range.startLine,
    startColumn: range.startColumn,
    endLineNumber: range.endLine,
    endColumn: range.endColumn,
  }
}

export function setEditorTheme(theme: 'light' | 'dark'): void {
  monaco.editor.setTheme(`kubarium-${theme}`)
}
