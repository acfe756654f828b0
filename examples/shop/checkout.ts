import { context, propagation, SpanKind } from '@opentelemetry/api'
import { callDatabase, callService, inSpan, runService } from './service.ts'
import { log } from './telemetry.ts'

const ITEMS_PRICED_MAX = 3

/** Turns carts into orders. */
runService('checkout', {
  'POST /orders/:user': async ({ path, span }) => {
    const user = path['user'] ?? ''
    const { items } = (await callService('cart', 'GET', `/carts/${user}`)) as { items: number[] }
    const prices = await Promise.all(
      items.slice(0, ITEMS_PRICED_MAX).map((id) => callService('catalog', 'GET', `/products/${id}`)),
    )
    const cents = prices.reduce((sum, { cents }) => sum + Number(cents), 0)
    span.setAttributes({ 'order.items': items.length, 'order.cents': cents })
    await callService('payments', 'POST', '/charges', { user, cents })
    await callDatabase('INSERT INTO orders', { 'db.collection.name': 'orders' }, 6)
    await publish({ user, items })
    log('info', 'order placed', { user, cents })
    return { cents }
  },
})

/** Hands an order over to the queue of shipping; nobody waits for what becomes of it. */
function publish(order: object): Promise<void> {
  const attributes = {
    'messaging.system': 'shopmq',
    'messaging.destination.name': 'orders',
    'messaging.operation.type': 'send',
  }
  return inSpan('send orders', SpanKind.PRODUCER, attributes, async () => {
    const headers: Record<string, string> = {}
    propagation.inject(context.active(), headers)
    await callService('shipping', 'POST', '/queues/orders', { headers, order })
  })
}
