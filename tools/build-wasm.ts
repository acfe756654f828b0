/**
 * Compiles packages/bytes/wasm by AssemblyScript and writes packages/bytes/src/native-module.ts, which is committed:
 * who only runs the product needs no compiler. A test compiles again and compares.
 */
import { writeFileSync } from 'node:fs'
import { main } from 'assemblyscript/asc'

const SOURCES = ['kernels', 'aliases', 'texts', 'attributes', 'numbers', 'samples', 'search'].map(
  (name) => new URL(`../packages/bytes/wasm/${name}.ts`, import.meta.url).pathname,
)
const MODULE = new URL('../packages/bytes/src/native-module.ts', import.meta.url).pathname

/** @returns the module's bytes, in base64 */
export async function compileKernels(): Promise<string> {
  let wasm: Uint8Array | undefined
  const flags = '-O3 --noAssert --runtime minimal --enable simd --enable threads --importMemory --sharedMemory'
  const pages = '--initialMemory 8192 --maximumMemory 8192'
  const { error, stderr } = await main(
    [...SOURCES, ...`${flags} ${pages}`.split(' '), '--outFile', 'kernels.wasm', '--baseDir', '/'],
    {
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) wasm = contents as Uint8Array
      },
    },
  )
  if (error !== null || wasm === undefined) throw new Error(`asc: ${error?.message}\n${stderr}`)
  return Buffer.from(wasm).toString('base64')
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const base64 = await compileKernels()
  const lines = base64.match(/.{1,110}/g)?.map((line) => `  '${line}'`) ?? []
  writeFileSync(
    MODULE,
    `/** Made from the sources in wasm by \`node tools/build-wasm.ts\`. */\nexport const KERNELS_BASE64 =\n${lines.join(' +\n')}\n`,
  )
}
