import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the built product: what people run is what is tested, and it starts faster than its source. */
    readonly product: string
  }
}

/** Builds the product, once for all tests that start it, unless the build is there. */
export default function setup(project: TestProject): void {
  const bootstrap = join(resolve(import.meta.dirname, '../..'), 'tools/bootstrap.mjs')
  const printed = execFileSync(process.execPath, [bootstrap, 'prepare'], { stdio: ['ignore', 'pipe', 'inherit'] })
  project.provide('product', printed.toString().trim())
}
