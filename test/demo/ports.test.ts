import { expect, test } from 'vitest'
import { shopOptions } from '../../examples/shop/options.ts'

test('without anything: the application is at 5000, the page of the load generator at 8089', () => {
  expect(shopOptions([])).toMatchObject({ port: 5_000, loadPort: 8_089, endpoint: 'http://127.0.0.1:4318' })
})
