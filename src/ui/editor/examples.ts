/** A manifest to start from, and what to look at when it is applied. */
export interface Example {
  readonly id: string
  readonly title: string
  readonly watch: string
  readonly text: string
}

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
          ports:
            - containerPort: 80
          readinessProbe:
            httpGet:
              path: /
              port: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
`

/** One Deployment of one container; the rest of the text is what the example is about. */
function deployment(name: string, replicas: number, container: string, pod = ''): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
${pod}      containers:
${container}`
}

export const examples: readonly Example[] = [
  {
    id: 'web',
    title: 'Three web servers and a Service',
    watch:
      'Three pods find a node, start, become ready, and only then get a wire from the Service.',
    text: WEB,
  },
  {
    id: 'pod',
    title: 'One bare pod',
    watch: 'Delete it: nobody makes a new one, because no controller owns it.',
    text: `apiVersion: v1
kind: Pod
metadata:
  name: alone
  labels:
    app: alone
spec:
  containers:
    - name: nginx
      image: nginx:1.27
      ports:
        - containerPort: 80
`,
  },
  {
    id: 'rollout',
    title: 'A rollout with bounds',
    watch:
      'Apply it, change the image to nginx:1.28, apply again: never fewer than five are ready.',
    text: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 6
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 1
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
          readinessProbe:
            httpGet:
              path: /
              port: 80
`,
  },
  {
    id: 'too-big',
    title: 'A pod that fits nowhere',
    watch: 'It stays in the waiting area, and the scheduler says why for each kind of node.',
    text: deployment(
      'big',
      1,
      `        - name: nginx
          image: nginx:1.27
          resources:
            requests:
              cpu: "64"
              memory: 8Gi
`,
    ),
  },
  {
    id: 'crash',
    title: 'A container that keeps ending',
    watch: 'CrashLoopBackOff: the pause before the next try doubles from 10 s up to 5 min.',
    text: deployment(
      'crash',
      1,
      `        - name: main
          image: busybox:1.36
          command: ["sh", "-c", "sleep 5; exit 1"]
`,
    ),
  },
  {
    id: 'no-image',
    title: 'An image that does not exist',
    watch: 'ErrImagePull, then ImagePullBackOff: correct the tag and apply again.',
    text: deployment(
      'typo',
      1,
      `        - name: nginx
          image: nginx:no-such-tag
`,
    ),
  },
  {
    id: 'not-ready',
    title: 'Running, but never ready',
    watch: 'The readiness probe asks the wrong port, so the Service sends it nothing.',
    text: `${deployment(
      'shy',
      2,
      `        - name: nginx
          image: nginx:1.27
          readinessProbe:
            httpGet:
              path: /
              port: 8081
`,
    )}---
apiVersion: v1
kind: Service
metadata:
  name: shy
spec:
  selector:
    app: shy
  ports:
    - port: 80
`,
  },
  {
    id: 'eviction',
    title: 'Leave a lost node quickly',
    watch: 'Power a worker off: these pods are replaced after 10 s of NotReady, not after 5 min.',
    text: deployment(
      'nimble',
      3,
      `        - name: nginx
          image: nginx:1.27
`,
      `      tolerations:
        - key: node.kubernetes.io/unreachable
          operator: Exists
          effect: NoExecute
          tolerationSeconds: 10
        - key: node.kubernetes.io/not-ready
          operator: Exists
          effect: NoExecute
          tolerationSeconds: 10
`,
    ),
  },
]
