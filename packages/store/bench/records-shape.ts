import { type Attributes, encodeAttributes, LogBatch, NO_ORIGIN, type Origin, SpanBatch } from '@vantage/model'

/**
 * Logs and spans as a service mesh sends them: 20 services, 8 resource attributes, 8 attributes a row, bodies rich in
 * random ids (200 B), four logs or eight spans of one trace behind each other.
 */
export class RecordsShape {
  #state = 12_345
  #timeNs = 1_700_000_000_000_000_000n
  readonly #origins: Origin[]
  readonly #encoder = new TextEncoder()

  constructor() {
    this.#origins = Array.from({ length: 20 }, (_, i) => ({
      ...NO_ORIGIN,
      scopeName: 'logger',
      resource: Object.entries({
        'service.name': `service-${i}`,
        'service.version': `1.2.${i % 3}`,
        'host.name': `host-${i % 7}`,
        'k8s.pod.name': `service-${i}-${this.#hex(10)}`,
        'k8s.namespace.name': 'prod',
        'cloud.region': 'eu-1',
        'telemetry.sdk.language': 'nodejs',
        'deployment.environment': 'prod',
      }).map(([key, value]) => ({ key, value: { kind: 'string', value } }) as const),
    }))
  }

  logs(rows: number): LogBatch {
    const batch = new LogBatch()
    const { columns } = batch
    this.#setOrigin(batch)
    const texts = new Texts()
    let trace = new Uint8Array(0)
    for (let i = 0; i < rows; i++) {
      const row = batch.addRow(0)
      if (i % 4 === 0) trace = this.#id(16)
      columns.times[row] = this.#nextTime()
      columns.severities[row] = this.#pick([9, 9, 9, 9, 13, 17])
      texts.put(columns.severityTexts, row, columns.severities[row] === 9 ? 'INFO' : 'ERROR')
      columns.traceIds.set(trace, row * 16)
      columns.spanIds.set(this.#id(8), row * 8)
      columns.bodyKinds[row] = 1
      const user = `u-${this.#number(1e6)}`
      texts.put(columns.bodies, row, this.#line(user))
      texts.putBytes(columns.attributes, row, encodeAttributes(this.#attributes('user.id', user)))
    }
    const { bodies, severityTexts, eventNames, attributes } = columns
    for (const ranges of [bodies, severityTexts, eventNames, attributes]) ranges.bytes = texts.bytes()
    return batch
  }

  spans(rows: number): SpanBatch {
    const batch = new SpanBatch()
    const { columns } = batch
    this.#setOrigin(batch)
    const texts = new Texts()
    let trace = new Uint8Array(0)
    for (let i = 0; i < rows; i++) {
      const row = batch.addRow(0)
      if (i % 8 === 0) trace = this.#id(16)
      else columns.parentSpanIds.set(columns.spanIds.subarray((row - 1) * 8, row * 8), row * 8)
      const startNs = this.#nextTime()
      columns.startTimes[row] = startNs
      columns.endTimes[row] = startNs + BigInt(this.#number(1e9))
      columns.traceIds.set(trace, row * 16)
      columns.spanIds.set(this.#id(8), row * 8)
      columns.kinds[row] = 1 + this.#number(4)
      columns.statusCodes[row] = this.#number(20) === 0 ? 2 : 0
      texts.put(columns.names, row, this.#pick(['GET /api/v1/orders/:id', 'SELECT orders', 'redis GET', 'render']))
      const peer = `10.0.${this.#number(255)}.${this.#number(255)}`
      texts.putBytes(columns.attributes, row, encodeAttributes(this.#attributes('net.peer.ip', peer)))
    }
    const { names, statusMessages, traceStates, attributes, events, links } = columns
    for (const ranges of [names, statusMessages, traceStates, attributes, events, links]) ranges.bytes = texts.bytes()
    return batch
  }

  #setOrigin(batch: LogBatch | SpanBatch): void {
    const origin = this.#pick(this.#origins)
    const bytes = this.#encoder.encode(JSON.stringify(origin))
    batch.addOrigin(0, bytes.length)
    batch.originBytes.bytes = bytes
    batch.originOf = () => origin
  }

  #attributes(key: string, value: string): Attributes {
    const text = (value: string) => ({ kind: 'string', value }) as const
    const int = (value: number) => ({ kind: 'int', value: BigInt(value) }) as const
    return [
      { key: 'http.method', value: text(this.#pick(['GET', 'POST', 'PUT'])) },
      { key: 'http.route', value: text(this.#pick(['/api/v1/orders/:id', '/api/v1/users', '/health'])) },
      { key: 'http.status_code', value: int(this.#pick([200, 200, 200, 404, 500])) },
      { key, value: text(value) },
      { key: 'duration_ms', value: { kind: 'double', value: this.#number(1e5) / 100 } },
      { key: 'code.lineno', value: int(this.#number(500)) },
      { key: 'code.function', value: text(this.#pick(['handle', 'query', 'render', 'authorize', 'checkout'])) },
      { key: 'thread.name', value: text(`worker-${this.#number(16)}`) },
    ]
  }

  #line(user: string): string {
    const n = (below: number): number => this.#number(below)
    switch (n(3)) {
      case 0:
        return `request completed for user ${user} on /api/v1/orders/${n(1e6)} with status ${this.#pick([200, 404, 500])} in ${n(2000)}ms from 10.0.${n(255)}.${n(255)} cache=hit upstream=payments retry=0 trace sampled`
      case 1:
        return `connection pool: acquired connection ${n(1e4)} for tenant ${user} after ${n(300)}ms (pool size ${n(50)}, waiting ${n(9)}) database orders primary replica lag ${n(100)}ms isolation read committed`
      default:
        return `timeout after ${n(30_000)}ms while calling inventory service for order ${this.#hex(12)} user ${user}; attempt ${1 + n(3)} of 3, backing off for ${n(4000)}ms before the next attempt`
    }
  }

  #nextTime(): bigint {
    this.#timeNs += BigInt(this.#number(20_000))
    return this.#timeNs
  }

  /** 0 … below − 1; xorshift32. */
  #number(below: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return Math.floor(((this.#state >>> 0) / 2 ** 32) * below)
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#number(list.length)] as T
  }

  #id(bytes: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: bytes }, () => this.#number(256))
  }

  #hex(digits: number): string {
    return Array.from({ length: digits }, () => this.#number(16).toString(16)).join('')
  }
}

/** Bytes of a batch, one range behind the other. */
class Texts {
  readonly #parts: Uint8Array[] = []
  #top = 0
  #bytes: Uint8Array | undefined

  put(ranges: LogBatch['columns']['bodies'], row: number, text: string): void {
    this.putBytes(ranges, row, Buffer.from(text))
  }

  putBytes(ranges: LogBatch['columns']['bodies'], row: number, bytes: Uint8Array): void {
    ranges.set(row, this.#top, this.#top + bytes.length)
    this.#parts.push(bytes)
    this.#top += bytes.length
  }

  bytes(): Uint8Array {
    this.#bytes ??= new Uint8Array(Buffer.concat(this.#parts))
    return this.#bytes
  }
}
