import { DEFAULT_TENANT, type Fault, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS, type Result } from '@vantage/model'
import { WAITING_BYTES_MAX } from './influx-udp.ts'
import { openUdp, type QuietDoorOptions } from './udp.ts'

const RECEIVER = 'jaeger-udp'

export interface JaegerUdpOptions extends QuietDoorOptions {
  /** @returns the batch of a datagram, borrowed until the next call */
  readonly readBatch: (datagram: Uint8Array) => Result<Uint8Array, Fault>
}

export interface JaegerUdpDoor {
  readonly port: number
  /** Ends once what came is stored. */
  close(): Promise<void>
}

/** What Jaeger's clients send to an agent, one batch of spans a datagram. Never an answer. Rejects where the port cannot be bound. */
export async function openJaegerUdp(options: JaegerUdpOptions): Promise<JaegerUdpDoor> {
  const { reception, counts, readBatch } = options
  const storing = new Set<Promise<void>>()
  let waitingBytes = 0
  const take = (datagram: Uint8Array): void => {
    const batch = readBatch(datagram)
    if (!batch.ok) {
      counts.dropped.add(1, RECEIVER, 'malformed')
      reception.logger.warnSparsely(RECEIVER, 'a datagram was dropped', { problem: batch.error.message })
      return
    }
    if (waitingBytes + batch.value.length > WAITING_BYTES_MAX) {
      counts.dropped.add(1, RECEIVER, 'queue')
      return
    }
    const body = batch.value.slice()
    waitingBytes += body.length
    const stored = store(options, body).finally(() => {
      waitingBytes -= body.length
      storing.delete(stored)
    })
    storing.add(stored)
  }
  const udp = await openUdp({ ...options, receiver: RECEIVER, onDatagram: take })
  return {
    port: udp.port,
    close: async () => {
      await udp.close()
      await Promise.all(storing)
    },
  }
}

async function store({ reception }: JaegerUdpOptions, body: Uint8Array): Promise<void> {
  const visit = {
    signal: 'traces' as const,
    receiver: RECEIVER,
    tenant: DEFAULT_TENANT,
    startedMonotonicMs: reception.clock.monotonicMs(),
    wireBytes: body.length,
  }
  const outcome = await reception.submit({
    tenant: DEFAULT_TENANT,
    receiver: RECEIVER,
    format: PAYLOAD_FORMATS.jaegerThrift,
    encoding: PAYLOAD_ENCODINGS.identity,
    raw: body,
    body,
    bodyLength: body.length,
    connection: visit,
  })
  if (outcome.ok) reception.counts.accepted(visit, outcome.value)
  else reception.counts.refused(visit, outcome.error)
}
