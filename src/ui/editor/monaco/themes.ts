import type * as monacoApi from 'monaco-editor/editor'

/** The editor's colours; the same values as the tokens in theme.css. */
export function defineThemes(monaco: typeof monacoApi): void {
  monaco.editor.defineTheme('kubarium-light', {
    base: 'vs',
    inherit: true,
    rules: [
      { token: 'type', foreground: '1a5aa8' },
      { token: 'string', foreground: '0b6b4a' },
      { token: 'number', foreground: '855300' },
      { token: 'keyword', foreground: '855300' },
      { token: 'comment', foreground: '566073' },
    ],
    colors: {
      'editor.background': '#ffffff',
      'editor.foreground': '#131926',
      'editorLineNumber.foreground': '#667084',
      'editorLineNumber.activeForeground': '#131926',
      'editor.lineHighlightBackground': '#f2f5fa',
      'editor.lineHighlightBorder': '#00000000',
      'editorIndentGuide.background1': '#edf0f5',
      focusBorder: '#00000000',
    },
  })
  monaco.editor.defineTheme('kubarium-dark', {
    base: 'vs-dark',
    inherit: true,
    rules: [
      { token: 'type', foreground: '82b8ff' },
      { token: 'string', foreground: '62d4a8' },
      { token: 'number', foreground: 'f4c163' },
      { token: 'keyword', foreground: 'f4c163' },
      { token: 'comment', foreground: 'a0abbe' },
    ],
    colors: {
      'editor.background': '#171c26',
      'editor.foreground': '#e9edf5',
      'editorLineNumber.foreground': '#8590a5',
      'editorLineNumber.activeForeground': '#e9edf5',
      'editor.lineHighlightBackground': '#1e2430',
      'editor.lineHighlightBorder': '#00000000',
      'editorIndentGuide.background1': '#2b3341',
      'editorWidget.background': '#1e2430',
      focusBorder: '#00000000',
    },
  })
}
