// The import table: who may import whom. A folder without a row is an error.
const table = {
  sim: [],
  raft: [],
  api: [],
  etcd: ['raft', 'sim'],
  client: ['api', 'sim'],
  control: ['api', 'sim'],
  apiserver: ['api', 'client', 'sim', 'etcd/(client|rpc)'],
  controllers: ['api', 'client', 'sim'],
  scheduler: ['api', 'client', 'sim'],
  kubelet: ['api', 'client', 'sim', 'runtime/cri'],
  runtime: ['api', 'sim'],
  network: ['api', 'client', 'sim', 'control/commands'],
  cluster: [
    ...['sim', 'raft', 'api', 'etcd', 'client', 'apiserver', 'controllers', 'scheduler'],
    ...['kubelet', 'runtime', 'network', 'control'],
  ],
  engine: ['cluster', 'control', 'api', 'sim', 'client'],
  server: ['engine', 'cluster', 'control', 'api', 'client', 'sim'],
  ui: ['api', 'client', 'control', 'engine/client'],
  testing: ['.*'],
  tools: [],
}

const folders = Object.keys(table)
const layers = folders
  .filter((folder) => folder !== 'testing')
  .map((folder) => ({
    name: `${folder}-imports`,
    comment: `src/${folder} may import: ${table[folder].join(', ') || 'nothing of ours'}`,
    severity: 'error',
    from: { path: `^src/${folder}/`, pathNot: '\\.test\\.tsx?$' },
    to: {
      path: '^src/',
      pathNot: [folder, ...table[folder]].map((to) => `^src/${to}(/|\\.ts$|$)`),
    },
  }))

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'folder-without-a-row',
      comment: 'Every folder of src has a row in the import table.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${folders.join('|')})/` },
      to: {},
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: '\\.test\\.tsx?$' },
      to: {
        circular: true,
        preCompilationOnly: false,
        viaOnly: { dependencyTypesNot: ['type-only'] },
      },
    },
    {
      name: 'sibling-controllers',
      comment: 'A controller knows no other controller.',
      severity: 'error',
      from: { path: '^src/controllers/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/controllers/[^/]+/', pathNot: '^src/controllers/$1/' },
    },
    {
      name: 'node-only-in-server',
      comment: 'Only server, testing and tools may ask Node.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(server|testing|tools)/', '\\.test\\.tsx?$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '\\?(worker|url|raw)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
}
