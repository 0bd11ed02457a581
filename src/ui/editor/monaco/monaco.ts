import * as monaco from 'monaco-editor/editor'
import 'monaco-editor/features/bracketMatching/register'
import 'monaco-editor/features/clipboard/register'
import 'monaco-editor/features/codeEditor/register'
import 'monaco-editor/features/codicon/register'
import 'monaco-editor/features/comment/register'
import 'monaco-editor/features/contextmenu/register'
import 'monaco-editor/features/cursorUndo/register'
import 'monaco-editor/features/find/register'
import 'monaco-editor/features/folding/register'
import 'monaco-editor/features/format/register'
import 'monaco-editor/features/gotoError/register'
import 'monaco-editor/features/hover/register'
import 'monaco-editor/features/indentation/register'
import 'monaco-editor/features/linesOperations/register'
import 'monaco-editor/features/multicursor/register'
import 'monaco-editor/features/smartSelect/register'
import 'monaco-editor/features/snippet/register'
import 'monaco-editor/features/suggest/register'
import 'monaco-editor/editor/contrib/suggest/browser/suggestController'
import 'monaco-editor/features/toggleTabFocusMode/register'
import 'monaco-editor/features/wordOperations/register'
import { conf, language } from 'monaco-editor/languages/definitions/yaml/yaml'
import 'monaco-editor/languages/definitions/yaml/register'
import { configureMonacoYaml } from 'monaco-yaml'
import { loadSchema } from '../apply/patch-schema'
import { looksTooDeep } from '../manifest/depth'
import { kubernetesJsonSchema, SCHEMA_URI } from './json-schema'
import { defineThemes } from './themes'

export { monaco }

/** Coloured like YAML and read by no language server: for texts that would keep one busy for long. */
export const PLAIN_YAML = 'yaml-plain'

/** What the editor does not hand to the schema worker. */
const CHECKED_LENGTH_MAX = 300_000
const CHECKED_DOCUMENTS_MAX = 200
const CHECKED_ALIASES_MAX = 50
const CHECKED_DEPTH_MAX = 50

/** Which language a text gets: large, many-part, deep and alias-heavy ones are not checked while typing. */
export function languageFor(text: string): 'yaml' | typeof PLAIN_YAML {
  if (text.length > CHECKED_LENGTH_MAX || looksTooDeep(text, CHECKED_DEPTH_MAX)) return PLAIN_YAML
  const documents = text.match(/^---(\s|$)/gm)?.length ?? 0
  const aliases = text.match(/(^|[\s,[{])\*[^\s,\]}*]/gm)?.length ?? 0
  return documents > CHECKED_DOCUMENTS_MAX || aliases > CHECKED_ALIASES_MAX ? PLAIN_YAML : 'yaml'
}

type WebWorkerOptions = {
  readonly label?: string
  readonly createData?: unknown
  readonly host?: object
}

function startWorker(label: string): Worker {
  return label === 'yaml'
    ? new Worker(new URL('./yaml.worker.ts', import.meta.url), { type: 'module', name: 'yaml' })
    : new Worker(new URL('./editor.worker.ts', import.meta.url), { type: 'module', name: 'editor' })
}

/**
 * monaco-yaml was written for an older `createWebWorker`, which made the worker itself: this copy
 * makes it, hands over the data, and calls the present one.
 */
function withOldWebWorkers(): typeof monaco {
  const createWebWorker = ({ label, createData, host }: WebWorkerOptions) => {
    const worker = startWorker(label ?? 'editor')
    worker.postMessage('ignore')
    worker.postMessage(createData)
    return monaco.editor.createWebWorker({ worker, host: host as { [method: string]: never } })
  }
  return { ...monaco, editor: { ...monaco.editor, createWebWorker } } as unknown as typeof monaco
}

let prepared: Promise<void> | undefined

/** Sets the editor up, once per page: workers, schema, themes. */
export function prepareMonaco(): Promise<void> {
  prepared ??= prepare()
  return prepared
}

async function prepare(): Promise<void> {
  self.MonacoEnvironment = { getWorker: (_module: string, label: string) => startWorker(label) }
  monaco.languages.register({ id: PLAIN_YAML })
  monaco.languages.setMonarchTokensProvider(PLAIN_YAML, language)
  monaco.languages.setLanguageConfiguration(PLAIN_YAML, conf)
  defineThemes(monaco)
  const schema = kubernetesJsonSchema(await loadSchema())
  configureMonacoYaml(withOldWebWorkers() as unknown as Parameters<typeof configureMonacoYaml>[0], {
    enableSchemaRequest: false,
    hover: true,
    completion: true,
    validate: true,
    format: { enable: true },
    schemas: [{ uri: SCHEMA_URI, fileMatch: ['*'], schema }],
  })
}
