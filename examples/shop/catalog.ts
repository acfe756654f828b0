import { isActive } from './faults.ts'
import { callDatabase, HttpError, runService } from './service.ts'

const READ_MS = 8
const SLOW_READ_MS = 700
const BAD_DEPLOY_READ_MS = 250
const BAD_DEPLOY_FAILS = 0.15
const isBadDeploy = process.env['SHOP_VERSION'] === '1.1.0'

/** Products and their prices. */
runService('catalog', {
  'GET /products/:id': async ({ path, span }) => {
    const id = Number(path['id'])
    if (!Number.isInteger(id) || id < 0) throw new HttpError(400, `product id: want a whole number, got ${path['id']}`)
    span.setAttribute('product.id', id)
    const isSlow = isActive('slow-database') && id % 2 === 0
    const instance = isSlow ? 'replica-2' : 'replica-1'
    const readMs = isSlow ? SLOW_READ_MS : isBadDeploy ? BAD_DEPLOY_READ_MS : READ_MS
    await callDatabase('SELECT * FROM products WHERE id = $1', { 'db.instance.id': instance }, readMs)
    if (isBadDeploy && Math.random() < BAD_DEPLOY_FAILS) throw new Error('price list is missing')
    return { id, name: `Product ${id}`, cents: 500 + ((id * 37) % 5_000) }
  },
})
