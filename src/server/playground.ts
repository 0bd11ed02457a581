// Serves the built page from dist/ on loopback and prints its address.
import { createServer } from 'node:http'
import path from 'node:path'
import { parseArgs } from 'node:util'
import sirv from 'sirv'

const portDefault = 4173

function readPort(): number {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' } } })
    const port = Number(values.port ?? portDefault)
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new Error(`--port must be a whole number from 0 to 65535, not "${values.port}"`)
    }
    return port
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}

const port = readPort()
const files = sirv(path.resolve(import.meta.dirname, '../../dist'), { etag: true, gzip: true })
const server = createServer((request, response) => {
  files(request, response, () => {
    response.statusCode = 404
    response.end('not found')
  })
})
server.on('error', (error) => {
  console.error(`cannot listen on 127.0.0.1:${port}: ${error.message}`)
  process.exit(1)
})
server.listen(port, '127.0.0.1', () => {
  const address = server.address()
  const actual = typeof address === 'object' && address ? address.port : port
  console.log(`Kubarium plays at http://127.0.0.1:${actual}`)
})
