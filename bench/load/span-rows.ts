import { ProtobufWriter } from '@vantage/bytes'
import { type MadeRow, putAttribute, type RowForm, type RowMaker, RowRandom } from './row-parts.ts'

const ROWS_PER_TRACE = 8
/** Ids and times come first, so that they lie at the same places in every row; roots have no parent. */
const PLACES = { time: 29, laterTime: 38, ids: [2, 20, 48] }
const EVENT_SHARE = 0.1
const ERROR_SHARE = 0.05

const [INTERNAL, SERVER, CLIENT, PRODUCER] = [1, 2, 3, 4]
/** Names and kinds. */
const OPERATIONS = [
  ['GET /api/v1/orders/:id', SERVER],
  ['POST /api/v1/orders', SERVER],
  ['SELECT orders', CLIENT],
  ['UPDATE stock', CLIENT],
  ['redis GET session', CLIENT],
  ['publish order.created', PRODUCER],
  ['render cart', INTERNAL],
  ['authorize', INTERNAL],
] as const

const FUNCTIONS = ['OrderController.handle', 'OrderStore.query', 'CartView.render', 'authorize', 'checkout'] as const

/** Spans, eight of one trace behind each other, each the child of the one before. */
export class SpanRows implements RowMaker {
  readonly form: RowForm
  readonly places = PLACES
  readonly random = new RowRandom()
  #rows = 0
  #traceId: Buffer = Buffer.alloc(16)
  #parentId: Buffer = Buffer.alloc(8)

  constructor(form: RowForm) {
    this.form = form
  }

  next(service: string): MadeRow {
    const { random } = this
    const isRoot = this.#rows++ % ROWS_PER_TRACE === 0
    if (isRoot) this.#traceId = random.id(16)
    const spanId = random.id(8)
    const [name, kind] = random.pick(OPERATIONS)
    const isError = random.next() < ERROR_SHARE
    // Most are short, a few are long: exponential, in whole microseconds.
    const durationNs = Math.ceil(-Math.log(1 - random.next()) * 20_000) * 1000
    const attributes = this.#attributes()
    const out = new ProtobufWriter()
    out.bytes(0x0a, this.#traceId)
    out.bytes(0x12, spanId)
    out.fixed64(0x39, 0, 0)
    out.fixed64(0x41, 0, 0)
    if (!isRoot) out.bytes(0x22, this.#parentId)
    out.text(0x2a, name)
    out.varint(0x30, kind)
    for (const [key, value] of Object.entries(attributes)) putAttribute(out, 0x4a, key, value)
    if (random.next() < EVENT_SHARE) putEvent(out)
    const status = out.open(0x7a)
    if (isError) out.varint(0x18, 2)
    out.close(status)
    const ids = {
      trace_id: this.#traceId.toString('hex'),
      span_id: spanId.toString('hex'),
      parent_span_id: isRoot ? '' : this.#parentId.toString('hex'),
    }
    const times = { start: '2026-11-21T09:00:00.123456789Z', duration_ns: durationNs }
    const json = JSON.stringify({ ...ids, service, name, kind, status: isError ? 2 : 0, ...times, ...attributes })
    this.#parentId = spanId
    const encoded = { message: out.finish(), laterNs: durationNs, hasLastId: !isRoot }
    return { encoded, jsonBytes: json.length + 1 }
  }

  #attributes(): Record<string, string | number> {
    const { random } = this
    const common = {
      'http.method': random.pick(['GET', 'POST', 'PUT']),
      'http.status_code': random.pick([200, 200, 200, 404, 500]),
      'code.function': random.pick(FUNCTIONS),
      'thread.name': `worker-${random.below(16)}`,
    }
    if (this.form === 'flat') return { ...common, 'net.peer.port': random.pick([80, 443, 5432, 6379]) }
    return {
      ...common,
      'http.route': random.pick(['/api/v1/orders/:id', '/api/v1/users', '/health', '/api/v1/cart/:id']),
      'net.peer.ip': `10.0.${random.below(255)}.${random.below(255)}`,
      'db.system': random.pick(['postgresql', 'redis', '']),
      'code.lineno': random.below(500),
      'server.address': `node-${random.below(40)}.eu-1.example.com`,
    }
  }
}

function putEvent(out: ProtobufWriter): void {
  const mark = out.open(0x5a)
  out.text(0x12, 'exception')
  putAttribute(out, 0x1a, 'exception.type', 'TimeoutError')
  putAttribute(out, 0x1a, 'exception.message', 'no answer within the deadline')
  out.close(mark)
}
