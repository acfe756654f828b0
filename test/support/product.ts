import { buildProduct } from './build-product.ts'

/** The folder of the built product: tests are told it, benches build it themselves. */
export const PRODUCT = process.env['VITEST'] === undefined ? buildProduct() : (await import('vitest')).inject('product')
