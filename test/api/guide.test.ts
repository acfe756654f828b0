/** Set: test, 3 s. The first steps of the guide, as a reader copies them. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

const run = promisify(execFile)
const START = readFileSync(join(import.meta.dirname, '../../docs/guide/start.md'), 'utf8')
/** A command, and what stands below it as what it prints. */
const BLOCK = /^( *)```sh\n([\s\S]*?)^ *```(?:\n+ *```text\n([\s\S]*?)^ *```)?/gm
const STEPS = [...START.matchAll(BLOCK)].map(([, indent = '', command = '', printed = '']) => ({
  command: command.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  printed: printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
}))
/** All but the first, which starts the server. */
const STEPS_RUN = 8

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
})

test('the nine first steps do what they say', async () => {
  expect(START.match(/^\d\. /gm)).toHaveLength(STEPS_RUN + 1)
  expect(STEPS).toHaveLength(STEPS_RUN)
  for (const { command, printed } of STEPS) {
    const here = command
      .replaceAll('localhost:3000', new URL(server.url).host)
      .replaceAll('localhost:4318', new URL(server.otlpHttpUrl).host)
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', here])
    for (const line of printed) expect(stdout, command).toContain(line)
  }
})
