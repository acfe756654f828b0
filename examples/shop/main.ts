import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { EXIT_NO_PORT } from './exit-codes.ts'
import { FAULT_SERVICES, FAULTS, type FaultName, isFaultName } from './faults.ts'
import { shopOptions } from './options.ts'

/**
 * The demo shop: six services in processes of their own (a seventh in Python where Flask is there), a load generator, and faults that can be switched on.
 *
 *   node examples/shop/main.ts [--endpoint http://127.0.0.1:4318] [--port 5000] [--load-port 8089] [--control-port 5009]
 *
 * `GET /faults` on the control port lists the faults, `POST /faults/NAME?on=true|false` switches one, `&service=NAME`
 * in another service.
 */
const SERVICES = ['atlan-api', 'catalog', 'cart', 'checkout', 'payments', 'shipping'] as const
type ServiceName = (typeof SERVICES)[number]

const FILES: Readonly<Record<ServiceName, string>> = {
  'atlan-api': 'gateway.ts',
  catalog: 'catalog.ts',
  cart: 'cart.ts',
  checkout: 'checkout.ts',
  payments: 'payments.ts',
  shipping: 'shipping.ts',
}
/** The one in Python takes part where Flask is there. */
const PYTHON = 'python3'
const PYTHON_SERVICE = 'recommendations'
const READY_TIMEOUT_MS = 120_000
const RESTART_AFTER_MS = 1_000
const STOP_TIMEOUT_MS = 8_000

const options = shopOptions(process.argv.slice(2))
const firstPort = options.port
const portOf = (name: ServiceName): number => firstPort + SERVICES.indexOf(name)
const addressOf = (name: ServiceName): string => `http://127.0.0.1:${portOf(name)}`
const addresses: Record<string, string> = Object.fromEntries(SERVICES.map((name) => [name, addressOf(name)]))
const pythonPort = firstPort + SERVICES.length
const children = new Map<string, ChildProcess>()
/** The services that a fault is in. */
const faults = new Map<FaultName, ServiceName>()
let isStopping = false

function startProcess(
  name: string,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): void {
  const child = fork(new URL(file, import.meta.url), args, { env: { ...process.env, ...env }, stdio: 'inherit' })
  children.set(name, child)
  child.once('exit', (code) => {
    if (isStopping || children.get(name) !== child) return
    if (code === EXIT_NO_PORT) {
      stop(EXIT_NO_PORT)
      return
    }
    setTimeout(() => {
      if (!isStopping) startProcess(name, file, args, env)
    }, RESTART_AFTER_MS)
  })
}

function startService(name: ServiceName): void {
  const isBad = faults.get('bad-deploy') === name
  startProcess(name, FILES[name], [], {
    PORT: String(portOf(name)),
    SHOP_VERSION: isBad ? '1.1.0' : '1.0.0',
    SHOP_ADDRESSES: JSON.stringify(addresses),
    OTEL_EXPORTER_OTLP_ENDPOINT: options.endpoint,
  })
}

/** True where a Python with Flask is installed. */
function hasFlask(): Promise<boolean> {
  const probe = spawn(PYTHON, ['-c', 'import flask'], { stdio: 'ignore' })
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false))
    probe.once('exit', (code) => resolve(code === 0))
  })
}

/** Not started again when it ends: whoever calls it does without. */
function startPythonService(): void {
  const file = fileURLToPath(new URL('recommendations.py', import.meta.url))
  const env = { PORT: String(pythonPort), OTEL_EXPORTER_OTLP_ENDPOINT: options.endpoint }
  const child = spawn(PYTHON, [file], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] })
  children.set(PYTHON_SERVICE, child)
}

async function switchFault(name: FaultName, service: ServiceName, isOn: boolean): Promise<void> {
  const before = faults.get(name)
  if (isOn) faults.set(name, service)
  else faults.delete(name)
  const touched = new Set([service, ...(before === undefined ? [] : [before])])
  for (const one of touched) {
    if (name === 'bad-deploy') await deploy(one)
    else await fetch(`${addressOf(one)}/faults/${name}?on=${isOn && one === service}`, { method: 'POST' })
  }
}

/** Ends a service and starts it in the version that it should have now; its port is free in between. */
async function deploy(name: ServiceName): Promise<void> {
  const before = children.get(name)
  children.delete(name)
  if (before !== undefined && before.exitCode === null) {
    before.kill('SIGTERM')
    await once(before, 'exit')
  }
  startService(name)
}

function isServiceName(name: string): name is ServiceName {
  return (SERVICES as readonly string[]).includes(name)
}

/** The page of the faults is for whoever plays the demo: loopback only, no credentials. */
function openControl(port: number): void {
  createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://control')
    const name = /^\/faults\/([\w-]+)$/.exec(url.pathname)?.[1]
    const known = name !== undefined && isFaultName(name) ? name : undefined
    const service = url.searchParams.get('service') ?? (known === undefined ? '' : FAULT_SERVICES[known])
    if (request.method === 'POST' && known !== undefined && isServiceName(service)) {
      const isOn = url.searchParams.get('on') !== 'false'
      switchFault(known, service, isOn).then(
        () => response.writeHead(204).end(),
        (error: Error) => response.writeHead(502).end(error.message),
      )
    } else if (request.method === 'GET' && url.pathname === '/faults') {
      const list = Object.entries(FAULTS).map(([fault, does]) => ({
        fault,
        does,
        isOn: faults.has(fault as FaultName),
        service: faults.get(fault as FaultName) ?? FAULT_SERVICES[fault as FaultName],
      }))
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list, undefined, 2))
    } else response.writeHead(404).end()
  })
    .on('error', (error) => console.error(`shop: no control port: ${error.message}`))
    .listen(port, '127.0.0.1')
}

async function waitForVantage(): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS
  while (performance.now() < deadlineMs) {
    const response = await fetch(`${options.endpoint}/health`).catch(() => undefined)
    if (response?.ok === true) return
    await new Promise((resume) => setTimeout(resume, 200))
  }
  throw new Error(`no Vantage at ${options.endpoint} after ${READY_TIMEOUT_MS / 1000} s`)
}

function stop(code: number): void {
  if (isStopping) return
  isStopping = true
  const timer = setTimeout(() => {
    for (const child of children.values()) child.kill('SIGKILL')
  }, STOP_TIMEOUT_MS)
  const running = [...children.values()].filter((child) => child.exitCode === null && child.signalCode === null)
  let left = running.length
  for (const child of running) {
    child.once('exit', () => {
      left--
      if (left === 0) {
        clearTimeout(timer)
        process.exit(code)
      }
    })
    child.kill('SIGTERM')
  }
}

process.once('SIGTERM', () => stop(0))
process.once('SIGINT', () => stop(0))
await waitForVantage()
const isPythonThere = await hasFlask()
if (isPythonThere) {
  addresses[PYTHON_SERVICE] = `http://127.0.0.1:${pythonPort}`
  startPythonService()
}
for (const name of SERVICES) startService(name)
const loadArgs = ['--host', addressOf('atlan-api'), '--port', String(options.loadPort), '--users', options.users]
startProcess('load', 'load.ts', loadArgs, {})
openControl(options.controlPort)
console.log(`Demo shop: ${addressOf('atlan-api')}/api/data, load generator http://127.0.0.1:${options.loadPort}/,`)
console.log(`faults: curl -X POST 'http://127.0.0.1:${options.controlPort}/faults/slow-database?on=true'`)
if (!isPythonThere) console.log(`${PYTHON_SERVICE}: left out, there is no ${PYTHON} with flask`)
