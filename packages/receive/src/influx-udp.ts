import { DEFAULT_TENANT, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS } from '@vantage/model'
import { closedReason, openUdp, type QuietDoorOptions } from './udp.ts'

const RECEIVER = 'influx-udp'
/** Datagrams are gathered so long, or so many bytes of them, before they are stored together. */
const GATHER_MS = 500
const GATHER_BYTES = 262_144
/** Bytes that wait while others are stored; more are dropped. */
export const WAITING_BYTES_MAX = 4 * 1_024 * 1_024
const NEWLINE = 0x0a

export interface InfluxUdpDoor {
  readonly port: number
  /** Stores what was gathered, then ends. */
  close(): Promise<void>
}

/** InfluxDB lines over UDP, times in nanoseconds. Never an answer. Rejects where the port cannot be bound. */
export async function openInfluxUdp(options: QuietDoorOptions): Promise<InfluxUdpDoor> {
  const gathered = new Gathered(options)
  const udp = await openUdp({ ...options, receiver: RECEIVER, onDatagram: (bytes) => gathered.add(bytes) })
  const timer = setInterval(() => void gathered.store(), GATHER_MS)
  return {
    port: udp.port,
    close: async () => {
      clearInterval(timer)
      await udp.close()
      await gathered.finish()
    },
  }
}

/** Lines that wait to be stored. One batch is stored at a time. */
class Gathered {
  readonly #options: QuietDoorOptions
  #buffer = new Uint8Array(GATHER_BYTES)
  #length = 0
  #storing: Promise<void> | undefined

  constructor(options: QuietDoorOptions) {
    this.#options = options
  }

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length + 1
    if (length > WAITING_BYTES_MAX) {
      this.#options.counts.dropped.add(1, RECEIVER, 'queue')
      return
    }
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(WAITING_BYTES_MAX, Math.max(length, this.#buffer.length * 2)))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.#length)
    // A datagram need not end in a line end; an empty line is none.
    this.#buffer[length - 1] = NEWLINE
    this.#length = length
    if (length >= GATHER_BYTES) void this.store()
  }

  async finish(): Promise<void> {
    await this.#storing
    await this.store()
  }

  /** Where a batch is being stored, the next waits for the next call. */
  store(): Promise<void> {
    if (this.#storing !== undefined) return this.#storing
    if (this.#length === 0) return Promise.resolve()
    const body = this.#buffer
    const bodyLength = this.#length
    this.#buffer = new Uint8Array(GATHER_BYTES)
    this.#length = 0
    this.#storing = this.#submit(body, bodyLength).finally(() => {
      this.#storing = undefined
    })
    return this.#storing
  }

  async #submit(body: Uint8Array, bodyLength: number): Promise<void> {
    const { reception, counts } = this.#options
    const startedMonotonicMs = reception.clock.monotonicMs()
    const visit = {
      signal: 'metrics' as const,
      receiver: RECEIVER,
      tenant: DEFAULT_TENANT,
      startedMonotonicMs,
      wireBytes: bodyLength,
    }
    const reason = closedReason(reception)
    // Draining closes this door before the store: what was gathered may still be stored.
    if (reason !== undefined && reason !== 'draining') {
      counts.dropped.add(1, RECEIVER, reason)
      return
    }
    const outcome = await reception.submit({
      tenant: DEFAULT_TENANT,
      receiver: RECEIVER,
      format: PAYLOAD_FORMATS.influxNs,
      encoding: PAYLOAD_ENCODINGS.identity,
      raw: body.subarray(0, bodyLength),
      body,
      bodyLength,
      connection: this,
    })
    if (outcome.ok) reception.counts.accepted(visit, outcome.value)
    else reception.counts.refused(visit, outcome.error)
  }
}
