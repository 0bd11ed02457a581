// Sets up, then runs one of the project's TypeScript programs: run.mjs src/server/serve.ts --port 8001
import { ensureDependencies, runTypeScript } from './setup.mjs'

const [entry, ...args] = process.argv.slice(2)
ensureDependencies()
process.exit(runTypeScript(entry, args))
