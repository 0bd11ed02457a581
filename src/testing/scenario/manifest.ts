import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../api/object'

/** The objects of a manifest: YAML of one or more documents, or objects as they are. */
export function objectsOf(manifest: string | KubeObject | readonly KubeObject[]): KubeObject[] {
  if (typeof manifest !== 'string') return [manifest].flat() as KubeObject[]
  const documents = parseAllDocuments(manifest)
  if (!Array.isArray(documents)) return []
  return documents.map((document) => {
    const [error] = document.errors
    if (error) throw error
    return document.toJS() as KubeObject
  })
}

/** A Deployment of web servers and, at port 80, a Service before them. */
export function webDeployment(
  name: string,
  replicas: number,
  image = 'nginx:1.27',
  namespace = 'default',
): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - { name: web, image: '${image}', ports: [{ containerPort: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { app: ${name} }
  ports: [{ port: 80 }]
`
}
