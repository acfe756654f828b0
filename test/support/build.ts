import type { TestProject } from 'vitest/node'
import { buildProduct } from './build-product.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the built product: what people run is what is tested, and it starts faster than its source. */
    readonly product: string
  }
}

/** Builds the product, once for all tests that start it. */
export default function setup(project: TestProject): void {
  project.provide('product', buildProduct())
}
