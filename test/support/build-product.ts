import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'

/** Builds the product unless the build is there. @returns its folder */
export function buildProduct(): string {
  const bootstrap = join(resolve(import.meta.dirname, '../..'), 'tools/bootstrap.mjs')
  const printed = execFileSync(process.execPath, [bootstrap, 'prepare'], { stdio: ['ignore', 'pipe', 'inherit'] })
  return printed.toString().trim()
}
