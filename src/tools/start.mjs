// Serves the built playground: npm start [-- --port N]
import { ensureBuilt } from './build.mjs'
import { ensureDependencies, runTypeScript } from './setup.mjs'

ensureDependencies()
ensureBuilt()
process.exit(runTypeScript('src/server/playground.ts', process.argv.slice(2)))
