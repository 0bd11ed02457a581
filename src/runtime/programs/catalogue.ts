import type { Image, Page, Program, StopRule, TcpProgram, WebProgram } from './program'

const graceful: StopRule = { afterMillis: 80, exitCode: 0 }
/** A Go program without a handler, as process 1. */
const goDefault: StopRule = { afterMillis: 5, exitCode: 2 }

const numeric = /^v?\d{1,3}(\.\d{1,3}){0,3}([-+_.][\w.+-]+)?$/
const flavour = String.raw`(-[a-z][\w.+-]*)?$`
/** `latest`, a flavour by name, or a version whose parts stay below what was ever released. */
const named = `^(latest|stable|mainline|alpine|perl|slim|bookworm|trixie|lts)`
const tagsOf = (versions: string): RegExp =>
  new RegExp(`${named}${flavour}|^(?:${versions})${flavour}`)

const address = 'Server address: {ip}:{port}\nServer name: {hostname}\n'
const healthPages: readonly Page[] = [
  { path: '/healthz*', status: 200, body: 'ok' },
  { path: '/livez*', status: 200, body: 'ok' },
  { path: '/readyz*', status: 200, body: 'ok' },
]

function web(port: number, pages: readonly Page[], more: Partial<WebProgram> = {}): WebProgram {
  return {
    kind: 'web',
    port,
    startMillis: 150,
    memoryMiB: 4,
    pages,
    stop: graceful,
    log: [],
    ...more,
  }
}

function tcp(port: number, more: Partial<TcpProgram>): TcpProgram {
  return {
    kind: 'tcp',
    port,
    startMillis: 300,
    memoryMiB: 8,
    stop: { afterMillis: 300, exitCode: 0 },
    log: [],
    ...more,
  }
}

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

const postgres = tcp(5432, {
  startMillis: 3_000,
  memoryMiB: 40,
  needsEnv: {
    anyOf: ['POSTGRES_PASSWORD', 'POSTGRES_PASSWORD_FILE', 'POSTGRES_HOST_AUTH_METHOD'],
    lines: [
      'Error: Database is uninitialized and superuser password is not specified.',
      '       You must specify POSTGRES_PASSWORD to a non-empty value for the',
      '       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".',
    ],
  },
  log: ['LOG:  database system is ready to accept connections'],
})

function mysql(product: string, prefix: readonly string[]): TcpProgram {
  const options = prefix.flatMap((name) => [
    `${name}_ROOT_PASSWORD`,
    `${name}_ALLOW_EMPTY_${name === 'MARIADB' ? 'ROOT_PASSWORD' : 'PASSWORD'}`,
    `${name}_RANDOM_ROOT_PASSWORD`,
  ])
  const first =
    prefix[0] === 'MARIADB'
      ? [
          'MARIADB_ROOT_PASSWORD',
          'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD',
          'MARIADB_RANDOM_ROOT_PASSWORD',
        ]
      : ['MYSQL_ROOT_PASSWORD', 'MYSQL_ALLOW_EMPTY_PASSWORD', 'MYSQL_RANDOM_ROOT_PASSWORD']
  return tcp(3306, {
    startMillis: 8_000,
    memoryMiB: 200,
    needsEnv: {
      anyOf: options,
      lines: [
        '[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified',
        '    You need to specify one of the following as an environment variable:',
        ...first.map((name) => `    - ${name}`),
      ],
    },
    stop: { afterMillis: 1_500, exitCode: 0 },
    log: [`[Note] ${product}: ready for connections. port: 3306`],
  })
}

const ping = (up: string, down: string, downExitCode = 1): Program => ({
  kind: 'ping',
  up,
  down,
  downExitCode,
})

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

const controlPlanePrograms: readonly (readonly [string, number, readonly number[]])[] = [
  ['kube-apiserver', 30_111_492, [6443]],
  ['kube-controller-manager', 27_681_301, [10_257]],
  ['kube-scheduler', 21_136_588, [10_259]],
  ['kube-proxy', 31_468_661, [10_249, 10_256]],
  ['etcd', 22_871_747, [2379, 2380, 2381]],
]

const controlPlane: Image[] = controlPlanePrograms.map(([name, sizeBytes, ports]) => ({
  repository: `registry.k8s.io/${name}`,
  sizeBytes,
  shell: false,
  entrypoint: [name],
  binaries: { [name]: { kind: 'process', ports } },
}))

function image(
  repository: string,
  sizeMB: number,
  binaries: { readonly [name: string]: Program },
  more: Partial<Image> = {},
): Image {
  return {
    repository: repository.includes('.') ? repository : `docker.io/${repository}`,
    sizeBytes: Math.round(sizeMB * 1_000_000) + ((repository.length * 7919) % 9973),
    shell: true,
    entrypoint: [Object.keys(binaries)[0] ?? 'sh'],
    binaries,
    ...more,
  }
}

const debian = { base: 'debian' }
const alpine = { base: 'alpine' }
const bare = { shell: false }

const shells: Image[] = [
  image(
    'library/busybox',
    2.2,
    {},
    { tags: tagsOf(String.raw`1(\.([0-9]|[12]\d|3[0-8])(\.\d{1,2})?)?`) },
  ),
  image(
    'library/alpine',
    3.8,
    {},
    { ...alpine, tags: tagsOf(String.raw`[23](\.([0-9]|1\d|2[0-3])(\.\d{1,2})?)?|edge`) },
  ),
  image('library/debian', 48.5, {}, debian),
  image('library/ubuntu', 29.7, {}),
  image('library/bash', 6.4, {}, alpine),
  image('curlimages/curl', 9.6, {}, alpine),
  image('nicolaka/netshoot', 170, {}, alpine),
  image('registry.k8s.io/e2e-test-images/busybox', 2.2, {}),
  image('gcr.io/google-containers/busybox', 0.7, {}),
  image('registry.k8s.io/busybox', 1.1, {}),
  image('k8s.gcr.io/busybox', 1.1, {}),
  image('registry.k8s.io/e2e-test-images/jessie-dnsutils', 114, {}),
]

const nginx = { nginx: siteServer('nginx', 'Welcome to nginx!') }
const httpd = {
  'httpd-foreground': siteServer('Apache', 'It works!'),
  httpd: siteServer('Apache', 'It works!'),
}
const nginxTags = tagsOf(String.raw`([0-3]|1\.([0-9]|[12]\d|3[01])(\.\d{1,2})?)`)

const webServers: Image[] = [
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

const databases: Image[] = [
  image(
    'library/postgres',
    155,
    {
      'docker-entrypoint.sh': postgres,
      postgres,
      pg_isready: ping(
        '/var/run/postgresql:5432 - accepting connections',
        '/var/run/postgresql:5432 - no response',
        2,
      ),
      psql: ping(
        '',
        'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed',
        2,
      ),
    },
    { ...debian, tags: tagsOf(String.raw`(9|1[0-8])(\.\d{1,2}){0,2}`) },
  ),
  image(
    'library/mysql',
    237,
    {
      'docker-entrypoint.sh': mysql('mysqld', ['MYSQL']),
      mysqld: mysql('mysqld', ['MYSQL']),
      mysqladmin: ping('mysqld is alive', "mysqladmin: connect to server at 'localhost' failed"),
      mysql: ping(
        '1',
        "ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)",
      ),
    },
    { tags: tagsOf(String.raw`([5-9])(\.\d{1,2}){0,2}`) },
  ),
  image(
    'library/mariadb',
    118,
    {
      'docker-entrypoint.sh': mysql('mariadbd', ['MARIADB', 'MYSQL']),
      mariadbd: mysql('mariadbd', ['MARIADB', 'MYSQL']),
      'healthcheck.sh': ping('', ''),
    },
    { tags: tagsOf(String.raw`(10|11|12)(\.\d{1,2}){0,2}`) },
  ),
  image(
    'library/redis',
    52.8,
    {
      'redis-server': tcp(6379, {
        portFlags: ['--port'],
        log: ['* Ready to accept connections tcp'],
      }),
      'redis-cli': ping('PONG', 'Could not connect to Redis at 127.0.0.1:6379: Connection refused'),
    },
    { ...debian, tags: tagsOf(String.raw`[2-8](\.\d{1,2}){0,2}`) },
  ),
  image(
    'library/mongo',
    272,
    {
      mongod: tcp(27017, {
        startMillis: 2_500,
        memoryMiB: 80,
        log: ['"msg":"Waiting for connections"'],
      }),
      mongosh: ping('{ ok: 1 }', 'MongoNetworkError: connect ECONNREFUSED 127.0.0.1:27017'),
      mongo: ping('{ "ok" : 1 }', 'exception: connect failed'),
    },
    { tags: tagsOf(String.raw`[3-8](\.\d{1,2}){0,2}`) },
  ),
  image('library/memcached', 31, { memcached: tcp(11211, { portFlags: ['-p'] }) }, debian),
  image('library/rabbitmq', 111, {
    'rabbitmq-server': tcp(5672, {
      startMillis: 6_000,
      memoryMiB: 100,
      log: ['Server startup complete'],
    }),
    'rabbitmq-diagnostics': ping('Ping succeeded', 'Error: unable to perform an operation on node'),
  }),
]

const oddOnes: Image[] = [
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

/** Languages: what they run is not known here, so it is the generic server. */
const languages: Image[] = [
  ...[
    'python',
    'python3',
    'node',
    'openjdk',
    'golang',
    'ruby',
    'php',
    'perl',
    'eclipse-temurin',
    'tomcat',
  ].map((name) =>
    image(
      `library/${name}`,
      name === 'openjdk' ? 240 : 120,
      {
        [name]: { kind: 'generic' },
        npm: { kind: 'generic' },
        java: { kind: 'generic' },
        python3: { kind: 'generic' },
        go: { kind: 'generic' },
      },
      { ...debian, tags: new RegExp(`${numeric.source}|${named}${flavour}|^[a-z0-9][\\w.-]*$`) },
    ),
  ),
]

/** Images whose programs behave like themselves. Sizes are the compressed ones, about right. */
export const catalogue: readonly Image[] = [
  ...shells,
  ...webServers,
  ...databases,
  ...oddOnes,
  ...languages,
  ...controlPlane,
]

/** Layers that several images share, and their sizes. */
export const baseLayerBytes: { readonly [name: string]: number } = {
  debian: 28_200_000,
  alpine: 3_640_000,
}

const anyImage: Omit<Image, 'repository' | 'sizeBytes'> = {
  shell: true,
  entrypoint: ['server'],
  binaries: { server: { kind: 'generic' } },
}

/** The stand-in for an image that the catalogue does not have. */
export function genericImage(repository: string, sizeBytes: number): Image {
  return { ...anyImage, repository, sizeBytes }
}

const exact = new Map(
  catalogue.filter((i) => !i.repository.endsWith('*')).map((i) => [i.repository, i]),
)
const prefixes = catalogue.filter((i) => i.repository.endsWith('*'))

export function findImage(repository: string): Image | undefined {
  return (
    exact.get(repository) ?? prefixes.find((i) => repository.startsWith(i.repository.slice(0, -1)))
  )
}
