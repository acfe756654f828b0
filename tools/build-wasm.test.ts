import { expect, test } from 'vitest'
import { KERNELS_BASE64 } from '../packages/bytes/src/native-module.ts'
import { compileKernels } from './build-wasm.ts'

test('the committed SIMD module is what its source compiles to', async () => {
  expect(await compileKernels()).toBe(KERNELS_BASE64)
})
