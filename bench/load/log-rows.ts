import { ProtobufWriter } from '@vantage/bytes'
import { RecordTemplate } from './record-template.ts'
import { groupOf, type MadeRow, putAttribute, type RowForm, type RowMaker, RowRandom } from './row-parts.ts'

const ROWS_PER_TRACE = 4
const ROWS_PER_SPAN = 2
/** Times, trace id and span id come first, so that they lie at the same places in every row. */
const PLACES = { time: 1, laterTime: 10, ids: [20, 38] }
const OBSERVED_LATER_NS = 2_000_000
const LEVELS = [
  ['INFO', 9],
  ['INFO', 9],
  ['INFO', 9],
  ['INFO', 9],
  ['WARN', 13],
  ['ERROR', 17],
] as const

const FUNCTIONS = ['OrderController.handle', 'OrderStore.query', 'CartView.render', 'authorize', 'checkout'] as const

/** Log rows, four of one trace behind each other, two of one span. */
export class LogRows implements RowMaker {
  readonly form: RowForm
  readonly places = PLACES
  readonly random = new RowRandom()
  #rows = 0
  #traceId: Buffer = Buffer.alloc(16)
  #spanId: Buffer = Buffer.alloc(8)

  constructor(form: RowForm) {
    this.form = form
  }

  /** @param line in place of a random one */
  next(service: string, line?: string): MadeRow {
    const { random } = this
    if (this.#rows % ROWS_PER_TRACE === 0) this.#traceId = random.id(16)
    if (this.#rows++ % ROWS_PER_SPAN === 0) this.#spanId = random.id(8)
    const [severity, severityNumber] = random.pick(LEVELS)
    const user = `u-${random.below(1e6)}`
    const body = line ?? (this.form === 'wide' ? this.#wideLine(user) : this.#flatLine(user))
    const attributes = this.#attributes(user)
    const out = new ProtobufWriter()
    out.fixed64(0x09, 0, 0)
    out.fixed64(0x59, 0, 0)
    out.bytes(0x4a, this.#traceId)
    out.bytes(0x52, this.#spanId)
    out.varint(0x10, severityNumber)
    out.text(0x1a, severity)
    const mark = out.open(0x2a)
    out.text(0x0a, body)
    out.close(mark)
    for (const [key, value] of Object.entries(attributes)) putAttribute(out, 0x32, key, value)
    const ids = { trace_id: this.#traceId.toString('hex'), span_id: this.#spanId.toString('hex') }
    const time = '2026-11-21T09:00:00.123456789Z'
    const json = JSON.stringify({ time, severity, service, ...ids, body, ...attributes })
    const encoded = { message: out.finish(), laterNs: OBSERVED_LATER_NS, hasLastId: true }
    return { encoded, jsonBytes: json.length + 1 }
  }

  #attributes(user: string): Record<string, string | number> {
    const { random } = this
    const common = {
      'http.method': random.pick(['GET', 'POST', 'PUT']),
      'http.route': random.pick(['/api/v1/orders/:id', '/api/v1/users', '/health', '/api/v1/cart/:id']),
      'http.status_code': random.pick([200, 200, 200, 404, 500]),
      'code.function': random.pick(FUNCTIONS),
      'thread.name': `worker-${random.below(16)}`,
      'code.lineno': random.below(500),
    }
    return this.form === 'flat'
      ? common
      : { ...common, 'user.id': `${user}@customers.example.com`, duration_ms: random.below(1e5) + 0.5 }
  }

  #wideLine(user: string): string {
    const { random } = this
    const n = (limit: number) => random.below(limit)
    switch (n(3)) {
      case 0:
        return `request ${random.hex(16)} completed for user ${user} on /api/v1/orders/${n(1e6)} with status ${random.pick([200, 404, 500])} in ${n(2000)}ms from 10.0.${n(255)}.${n(255)} cache=hit upstream=payments retry=0 bytes=${n(1e5)} session ${random.hex(16)} sampled by the gateway in front of it, tls=1.3`
      case 1:
        return `connection pool: acquired connection ${n(1e4)} for tenant ${user} after ${n(300)}ms (pool size ${n(50)}, waiting ${n(9)}) database orders primary replica lag ${n(100)}ms isolation read committed transaction ${random.hex(16)} statement ${random.hex(8)} rows ${n(500)} plan cached, statement timeout 30s, lock wait ${n(90)}ms, deadlock checked`
      default:
        return `timeout after ${n(30_000)}ms while calling inventory service for order ${random.hex(12)} user ${user}; attempt ${1 + n(3)} of 3, backing off for ${n(4000)}ms before the next attempt, circuit breaker half open, correlation ${random.hex(16)}, last answer ${random.pick([502, 503, 504])} from 10.1.${n(255)}.${n(255)}`
    }
  }

  #flatLine(user: string): string {
    const { random } = this
    const n = (limit: number) => random.below(limit)
    switch (n(3)) {
      case 0:
        return `request completed for user ${user} on /api/v1/orders/${n(1e6)} with status ${random.pick([200, 404, 500])} in ${n(2000)}ms from the edge cache, upstream=payments retry=0 pool=primary compression=gzip`
      case 1:
        return `connection pool: acquired connection ${n(1e4)} after ${n(300)}ms (pool size 50, waiting ${n(9)}) database orders primary replica lag ${n(100)}ms isolation read committed`
      default:
        return `timeout after ${n(30_000)}ms while calling inventory service for order ${n(1e8)}; attempt ${1 + n(3)} of 3, backing off for ${n(4000)}ms before the next attempt`
    }
  }
}

/** A request of one row with this line. */
export function oneLog(line: string): RecordTemplate {
  const rows = new LogRows('wide')
  return new RecordTemplate([groupOf(0, 'wide', [rows.next('service-0', line)])], PLACES, () => 0)
}
