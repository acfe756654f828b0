import { SpanKind } from '@opentelemetry/api'
import { callDatabase, callService, hasService, inSpan, runService } from './service.ts'

/** The one way in: what users of the shop speak to. */
runService('atlan-api', {
  'GET /health': async () => ({ status: 'ok' }),
  'GET /api/data': async () => {
    await simulate_db_call()
    return { data: [1, 2, 3] }
  },
  'GET /product/:id': async ({ path }) => {
    const product = await callService('catalog', 'GET', `/products/${path['id']}`)
    return { ...product, suggested: await suggestions(path['id'] ?? '') }
  },
  'POST /cart/:user': ({ path, body }) => callService('cart', 'POST', `/carts/${path['user']}`, body),
  'POST /checkout/:user': ({ path }) => callService('checkout', 'POST', `/orders/${path['user']}`),
})

/** None where nobody recommends. */
async function suggestions(id: string): Promise<unknown> {
  if (!hasService('recommendations')) return []
  const { products } = await callService('recommendations', 'GET', `/recommendations/${id}`).catch(() => ({
    products: [],
  }))
  return products
}

/** A query that takes 10 to 40 ms, as work of its own in the trace. */
function simulate_db_call(): Promise<void> {
  return inSpan('simulate_db_call', SpanKind.INTERNAL, {}, () =>
    callDatabase('SELECT * FROM data', { 'db.collection.name': 'data' }, 20),
  )
}
