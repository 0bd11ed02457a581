import { alpine, bare, debian, goDefault, healthPages, image, tagsOf, web } from './image-builders'
import type { Image, WebProgram } from './program'

const address = 'Server address: {ip}:{port}\nServer name: {hostname}\n'

const docroots: { readonly [product: string]: string } = {
  Apache: '/usr/local/apache2/htdocs',
  Caddy: '/usr/share/caddy',
}

/** A web server whose root and index exist and nothing else, as with an empty docroot. */
function siteServer(product: string, title: string, more: Partial<WebProgram> = {}): WebProgram {
  const body = `${title}\n${address}URI: {path}\nVersion: ${product}/{version}\n`
  return web(
    80,
    [
      { path: '/', status: 200, body },
      { path: '/index.html', status: 200, body },
      { path: '*', status: 404, body: `404 Not Found\n${product}/{version}\n` },
    ],
    {
      docroot: docroots[product] ?? '/usr/share/nginx/html',
      log: [`${product}/{version}: start worker processes`],
      ...more,
    },
  )
}

const echoBody =
  'Hostname: {hostname}\n\nPod Information:\n\tnode name:\t{node}\n\tpod name:\t{pod}\n' +
  '\tpod namespace:\t{namespace}\n\tpod IP:\t{ip}\n\nRequest Information:\n' +
  '\tclient_address={client}\n\tmethod={method}\n\treal path={path}\n'

const nginx = { nginx: siteServer('nginx', 'Welcome to nginx!') }

const httpd = {
  'httpd-foreground': siteServer('Apache', 'It works!'),
  httpd: siteServer('Apache', 'It works!'),
}

const nginxTags = tagsOf(String.raw`([0-3]|1\.([0-9]|[12]\d|3[01])(\.\d{1,2})?)`)

export const webServers: Image[] = [
  image('library/nginx', 72.1, nginx, { ...debian, tags: nginxTags }),
  image('registry.k8s.io/nginx*', 39.6, nginx),
  image('registry.k8s.io/e2e-test-images/nginx', 16.4, nginx, alpine),
  image('nginxinc/nginx-unprivileged', 72.1, { nginx: { ...nginx.nginx, port: 8080 } }, debian),
  image('library/httpd', 58.7, httpd, {
    ...debian,
    tags: tagsOf(String.raw`2(\.[0-4](\.\d{1,2})?)?`),
  }),
  image('registry.k8s.io/e2e-test-images/httpd', 57.2, httpd, alpine),
  image(
    'library/caddy',
    20.5,
    { caddy: siteServer('Caddy', 'Congratulations, your web server is working!') },
    { ...alpine, tags: tagsOf(String.raw`2(\.\d{1,2}){0,2}`) },
  ),
  image(
    'nginxdemos/hello',
    21.3,
    { nginx: web(80, [{ path: '*', status: 200, body: `${address}URI: {path}\n` }]) },
    alpine,
  ),
  image(
    'traefik/whoami',
    2.9,
    {
      '/whoami': web(
        80,
        [
          { path: '/health', status: 200, body: '' },
          {
            path: '*',
            status: 200,
            body: 'Hostname: {hostname}\nIP: {ip}\nRemoteAddr: {client}\n{method} {path} HTTP/1.1\n',
          },
        ],
        {
          portFlags: ['--port', '-port'],
          portEnv: 'WHOAMI_PORT_NUMBER',
          stop: goDefault,
          log: ['Starting up on port {port}'],
        },
      ),
    },
    bare,
  ),
  image(
    'hashicorp/http-echo',
    4.5,
    {
      '/http-echo': web(
        5678,
        [
          { path: '/health', status: 200, body: '{"status":"ok"}' },
          { path: '*', status: 200, body: '{text}\n' },
        ],
        {
          portFlags: ['-listen', '--listen'],
          textFlags: ['-text', '--text'],
          textEnv: 'ECHO_TEXT',
          log: ['[INFO] server is listening on :{port}'],
        },
      ),
    },
    bare,
  ),
  image(
    'gcr.io/google-samples/hello-app',
    11.5,
    {
      '/hello-app': web(
        8080,
        [
          {
            path: '*',
            status: 200,
            body: 'Hello, world!\nVersion: {version}.0\nHostname: {hostname}\n',
          },
        ],
        { portEnv: 'PORT', stop: goDefault, log: ['Server listening on port {port}'] },
      ),
    },
    { ...bare, tags: /^(1\.0|2\.0|latest)$/ },
  ),
  image('kennethreitz/httpbin', 187, {
    gunicorn: web(
      80,
      [
        { path: '/status/500', status: 500, body: '' },
        { path: '/status/503', status: 503, body: '' },
        { path: '/status/404', status: 404, body: '' },
        {
          path: '*',
          status: 200,
          body: '{"origin": "{client}", "url": "{path}", "hostname": "{hostname}"}\n',
        },
      ],
      { startMillis: 1_200, memoryMiB: 60, log: ['[INFO] Listening at: http://0.0.0.0:80'] },
    ),
  }),
  image('k8s.gcr.io/echoserver', 45.4, {
    nginx: web(8080, [{ path: '*', status: 200, body: echoBody }]),
  }),
  image('registry.k8s.io/echoserver', 45.4, {
    nginx: web(8080, [{ path: '*', status: 200, body: echoBody }]),
  }),
  image('registry.k8s.io/e2e-test-images/echoserver', 45.4, {
    nginx: web(8080, [{ path: '*', status: 200, body: echoBody }]),
  }),
  image(
    'ealen/echo-server',
    38,
    {
      node: web(
        80,
        [{ path: '*', status: 200, body: '{"host":{"hostname":"{hostname}"},"path":"{path}"}\n' }],
        { portEnv: 'PORT' },
      ),
    },
    alpine,
  ),
  image(
    'mendhak/http-https-echo',
    46,
    {
      node: web(
        8080,
        [
          {
            path: '*',
            status: 200,
            body: '{"path": "{path}", "os": {"hostname": "{hostname}"}}\n',
          },
        ],
        { portEnv: 'HTTP_PORT' },
      ),
    },
    alpine,
  ),
  image(
    'jmalloc/echo-server',
    3.2,
    {
      '/bin/echo-server': web(
        8080,
        [
          {
            path: '*',
            status: 200,
            body: 'Request served by {hostname}\n\n{method} {path} HTTP/1.1\n',
          },
        ],
        { portEnv: 'PORT', stop: goDefault },
      ),
    },
    bare,
  ),
  image(
    'ghcr.io/stefanprodan/podinfo',
    21.6,
    {
      './podinfo': web(
        9898,
        [
          ...healthPages,
          {
            path: '*',
            status: 200,
            body: '{"hostname": "{hostname}", "version": "{version}", "message": "greetings from podinfo v{version}"}\n',
          },
        ],
        { portFlags: ['--port'] },
      ),
    },
    alpine,
  ),
  image(
    'stefanprodan/podinfo',
    21.6,
    {
      './podinfo': web(
        9898,
        [
          ...healthPages,
          {
            path: '*',
            status: 200,
            body: '{"hostname": "{hostname}", "version": "{version}", "message": "greetings from podinfo v{version}"}\n',
          },
        ],
        { portFlags: ['--port'] },
      ),
    },
    alpine,
  ),
]
