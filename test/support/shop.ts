import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { freePorts, isAnswered } from '../../tools/ports.ts'

const ENTRY = join(resolve(import.meta.dirname, '../..'), 'examples/shop/main.ts')
/** Services, one of them in Python, load page, control. */
const PORTS = 9
const PORT_MAX = 65_535
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 12_000
const POLL_MS = 100

/** The demo shop in processes of its own. */
export interface TestShop {
  /** Of the gateway, and of the load generator's page. */
  readonly url: string
  readonly loadUrl: string
  /** Puts a fault into a service, or takes it out. */
  switchFault(fault: string, service: string, isOn: boolean): Promise<void>
  stop(): Promise<void>
}

/** Starts it on free ports and waits until its gateway answers. */
export async function startShop(endpoint: string, users: number): Promise<TestShop> {
  const port = await freeRun(PORTS)
  const control = `http://127.0.0.1:${port + PORTS - 1}`
  const args = ['--endpoint', endpoint, '--port', String(port), '--load-port', String(port + PORTS - 2)]
  const more = ['--control-port', String(port + PORTS - 1), '--users', String(users)]
  const child = spawn(process.execPath, [ENTRY, ...args, ...more], { stdio: 'ignore' })
  const deadlineMs = performance.now() + START_TIMEOUT_MS
  while (!((await isAnswered(`${control}/faults`)) && (await isAnswered(`http://127.0.0.1:${port}/health`)))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await end(child)
      throw new Error(`the shop is not ready at port ${port} (exit code ${child.exitCode})`)
    }
    await new Promise((wake) => setTimeout(wake, POLL_MS))
  }
  return {
    url: `http://127.0.0.1:${port}`,
    loadUrl: `http://127.0.0.1:${port + PORTS - 2}`,
    switchFault: async (fault, service, isOn) => {
      const answer = await fetch(`${control}/faults/${fault}?on=${isOn}&service=${service}`, { method: 'POST' })
      if (answer.status !== 204) throw new Error(`${fault} in ${service}: ${answer.status} ${await answer.text()}`)
    },
    stop: () => end(child),
  }
}

/** @returns the first of so many free ports in a row */
async function freeRun(count: number): Promise<number> {
  for (;;) {
    const [first] = (await freePorts(1)) as [number]
    if (first + count > PORT_MAX) continue
    const holders = Array.from({ length: count }, (_, i) => createServer().listen(first + i, '127.0.0.1'))
    const held = await Promise.all(
      holders.map((holder) =>
        once(holder, 'listening').then(
          () => true,
          () => false,
        ),
      ),
    )
    await Promise.all(holders.map((holder) => new Promise((closed) => holder.close(closed))))
    if (held.every((isHeld) => isHeld)) return first
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}
