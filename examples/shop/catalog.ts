import { callDatabase, HttpError, runService } from './service.ts'

const READ_MS = 8

/** Products and their prices. */
runService('catalog', {
  'GET /products/:id': async ({ path, span }) => {
    const id = Number(path['id'])
    if (!Number.isInteger(id) || id < 0) throw new HttpError(400, `product id: want a whole number, got ${path['id']}`)
    span.setAttribute('product.id', id)
    await callDatabase('SELECT * FROM products WHERE id = $1', {}, READ_MS)
    return { id, name: `Product ${id}`, cents: 500 + ((id * 37) % 5_000) }
  },
})
