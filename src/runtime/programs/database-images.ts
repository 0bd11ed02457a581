import { debian, image, ping, tagsOf, tcp } from './image-builders'
import type { Image, TcpProgram } from './program'

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

/** The variables of which an entrypoint demands one, as its message lists them. */
function passwordOptions(prefix: 'MYSQL' | 'MARIADB'): string[] {
  const empty = prefix === 'MARIADB' ? 'ALLOW_EMPTY_ROOT_PASSWORD' : 'ALLOW_EMPTY_PASSWORD'
  return ['ROOT_PASSWORD', empty, 'RANDOM_ROOT_PASSWORD'].map((name) => `${prefix}_${name}`)
}

function mysql(product: string, prefix: 'MYSQL' | 'MARIADB'): TcpProgram {
  const options = passwordOptions(prefix)
  return tcp(3306, {
    startMillis: 8_000,
    memoryMiB: 200,
    needsEnv: {
      anyOf: [...options, ...passwordOptions('MYSQL')],
      lines: [
        '[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified',
        '    You need to specify one of the following as an environment variable:',
        ...options.map((name) => `    - ${name}`),
      ],
    },
    stop: { afterMillis: 1_500, exitCode: 0 },
    log: [`[Note] ${product}: ready for connections. port: 3306`],
  })
}

export const databases: Image[] = [
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
      'docker-entrypoint.sh': mysql('mysqld', 'MYSQL'),
      mysqld: mysql('mysqld', 'MYSQL'),
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
      'docker-entrypoint.sh': mysql('mariadbd', 'MARIADB'),
      mariadbd: mysql('mariadbd', 'MARIADB'),
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
