import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { loadPage } from './load-page.ts'
import { LoadRun, type LoadTask } from './load-run.ts'

/**
 * A load generator: users that come one after the other and do weighted tasks with pauses between them.
 *
 *   node examples/shop/load.ts --host http://127.0.0.1:5000 --users 20 --spawn-rate 2 --run-time 60 [--headless]
 *
 * `HOST` names the host, too, where it is a URL. Without `--headless` it serves its page on `--port` (8089) and runs until it is stopped.
 */
const TASKS: readonly LoadTask[] = [
  { name: 'GET /product/:id', weight: 10, method: 'GET', path: (random) => `/product/${Math.floor(random() * 40)}` },
  { name: 'GET /api/data', weight: 4, method: 'GET', path: () => '/api/data' },
  {
    name: 'POST /cart/:user',
    weight: 4,
    method: 'POST',
    path: (random) => `/cart/u${Math.floor(random() * 500)}`,
    body: (random) => ({ product: Math.floor(random() * 40) }),
  },
  {
    name: 'POST /checkout/:user',
    weight: 2,
    method: 'POST',
    path: (random) => `/checkout/u${Math.floor(random() * 500)}`,
  },
  { name: 'GET /health', weight: 1, method: 'GET', path: () => '/health' },
]

/** Some shells name the machine so. */
const HOST = process.env['HOST'] ?? ''

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: /^https?:/.test(HOST) ? HOST : 'http://127.0.0.1:5000' },
    users: { type: 'string', default: '12' },
    'spawn-rate': { type: 'string', default: '2' },
    'run-time': { type: 'string', default: '0' },
    port: { type: 'string', default: '8089' },
    headless: { type: 'boolean', default: false },
  },
})

const run = new LoadRun(TASKS, values.host, Math.random)
run.start(Number(values.users), Number(values['spawn-rate']))
const end = (): void => {
  run.stop()
  if (values.headless) console.log(run.report())
  process.exit(0)
}
process.once('SIGTERM', end)
process.once('SIGINT', end)
process.once('disconnect', end)
const seconds = Number(values['run-time'])
if (seconds > 0) setTimeout(end, seconds * 1_000)
if (!values.headless) {
  createServer((request, response) => loadPage(run, request, response))
    .on('error', (error: NodeJS.ErrnoException) =>
      console.error(`shop: no page of the load generator: ${error.message}`),
    )
    .listen(Number(values.port), '127.0.0.1')
}
