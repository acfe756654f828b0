import { context, propagation, type SpanContext, SpanKind, trace } from '@opentelemetry/api'
import { callDatabase, HttpError, runService, takeTime } from './service.ts'
import { log } from './telemetry.ts'

const QUEUE_MAX = 1_000

interface Message {
  readonly headers: Record<string, string>
  readonly order: { readonly user: string }
}

const queue: Message[] = []
let isWorking = false

/** Takes orders from a queue and packs them, one after the other. */
runService('shipping', {
  'POST /queues/orders': async ({ body }) => {
    if (queue.length >= QUEUE_MAX) throw new HttpError(503, `want at most ${QUEUE_MAX} waiting orders, got one more`)
    queue.push(body as unknown as Message)
    void work()
    return { waiting: queue.length }
  },
})

async function work(): Promise<void> {
  if (isWorking) return
  isWorking = true
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) await pack(message)
  isWorking = false
}

/** The work of a message belongs to the trace that sent it, and is linked to its sender. */
function pack({ headers, order }: Message): Promise<void> {
  const sender = propagation.extract(context.active(), headers)
  const sent: SpanContext | undefined = trace.getSpanContext(sender)
  const attributes = {
    'messaging.system': 'shopmq',
    'messaging.destination.name': 'orders',
    'messaging.operation.type': 'process',
  }
  const links = sent === undefined ? [] : [{ context: sent }]
  return trace
    .getTracer('shop')
    .startActiveSpan('process orders', { kind: SpanKind.CONSUMER, attributes, links }, sender, async (span) => {
      await takeTime(10)
      await callDatabase('UPDATE stock', { 'db.collection.name': 'stock' }, 5)
      log('info', 'order packed', { user: order.user })
      span.end()
    })
}
