import type { ManifestReply, ManifestRequest } from './manifest-client'
import { type Manifest, parseManifest } from './parse-manifest'

let manifest: Manifest | undefined

self.onmessage = (event: MessageEvent<ManifestRequest>) => {
  const { id, ask } = event.data
  let answer: ManifestReply['answer']
  if (ask.type === 'parse') {
    manifest = parseManifest(ask.text)
    answer = { documents: manifest.documents, faults: manifest.faults }
  } else {
    answer = ask.places.map(({ document, path }) => manifest?.locate(document, path))
  }
  const reply: ManifestReply = { id, answer }
  self.postMessage(reply)
}
