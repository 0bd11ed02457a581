import { alpine, bare, goDefault, graceful, healthPages, image, web } from './image-builders'
import type { Image } from './program'

const agnhostNetexec = web(
  8080,
  [
    { path: '/hostname', status: 200, body: '{hostname}' },
    { path: '/hostName', status: 200, body: '{hostname}' },
    { path: '/clientip', status: 200, body: '{client}' },
    { path: '/echo*', status: 200, body: '{path}' },
    ...healthPages,
    { path: '*', status: 200, body: 'NOW: pod {pod} on {node}' },
  ],
  { portFlags: ['--http-port'], stop: goDefault, log: ['Started HTTP server on port {port}'] },
)

export const testImages: Image[] = [
  image(
    'library/hello-world',
    0.0102,
    {
      '/hello': {
        kind: 'once',
        afterMillis: 30,
        exitCode: 0,
        log: [
          '',
          'Hello from Docker!',
          'This message shows that your installation appears to be working correctly.',
          '',
        ],
      },
    },
    { ...bare, tags: /^(latest|linux|nanoserver\S*)$/ },
  ),
  image('registry.k8s.io/pause', 0.3206, { '/pause': { kind: 'wait', stop: graceful } }, bare),
  image('k8s.gcr.io/pause', 0.3206, { '/pause': { kind: 'wait', stop: graceful } }, bare),
  image(
    'gcr.io/google_containers/pause*',
    0.3206,
    { '/pause': { kind: 'wait', stop: graceful } },
    bare,
  ),
  image('kubernetes/pause', 0.3206, { '/pause': { kind: 'wait', stop: graceful } }, bare),
  image('polinux/stress', 4.0, { stress: { kind: 'stress' } }, alpine),
  image(
    'registry.k8s.io/e2e-test-images/agnhost',
    53.4,
    {
      '/agnhost': { kind: 'wait', stop: goDefault },
      pause: { kind: 'wait', stop: goDefault },
      netexec: agnhostNetexec,
      'serve-hostname': web(9376, [{ path: '*', status: 200, body: '{hostname}' }], {
        portFlags: ['--port'],
        stop: goDefault,
      }),
      liveness: web(
        8080,
        [
          { path: '/healthz', status: 200, body: 'ok', failsAfterMillis: 10_000 },
          { path: '*', status: 200, body: '' },
        ],
        { portFlags: ['--port'], stop: goDefault },
      ),
      'test-webserver': web(
        80,
        [{ path: '*', status: 200, body: 'agnhost test-webserver on {hostname}' }],
        { portFlags: ['--port'], stop: goDefault },
      ),
      'entrypoint-tester': { kind: 'once', afterMillis: 10, exitCode: 0, log: [] },
    },
    { entrypoint: ['/agnhost'], args: ['pause'], ...alpine },
  ),
  image(
    'registry.k8s.io/serve_hostname',
    6.1,
    {
      '/serve_hostname': web(9376, [{ path: '*', status: 200, body: '{hostname}' }], {
        stop: goDefault,
      }),
    },
    bare,
  ),
  image(
    'registry.k8s.io/test-webserver',
    1.4,
    {
      '/test-webserver': web(80, [{ path: '*', status: 200, body: 'served by {hostname}' }], {
        stop: goDefault,
      }),
    },
    bare,
  ),
  image(
    'registry.k8s.io/liveness',
    6.1,
    {
      '/server': web(
        8080,
        [{ path: '/healthz', status: 200, body: 'ok', failsAfterMillis: 10_000 }],
        { stop: goDefault },
      ),
    },
    bare,
  ),
  image(
    'registry.k8s.io/coredns/coredns',
    22.4,
    { '/coredns': web(8080, [{ path: '/health', status: 200, body: 'OK' }]) },
    bare,
  ),
]
