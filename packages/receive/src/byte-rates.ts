import { ByteCursor, readVarint } from '@vantage/bytes'
import type { Fault, TenantId } from '@vantage/model'
import { type BodyForm, rateFault, tooLargeFault } from './admission.ts'
import type { ReadBody } from './body.ts'
import type { ByteRate } from './limits.ts'
import type { Reception } from './reception.ts'
import type { Signal } from './signal.ts'
import { TenantRate } from './tenant-rate.ts'

/** Signals whose senders may send so many bytes a second, and the keys that say how many. */
const KEYS = { logs: 'limits.logBytes', traces: 'limits.spanBytes' } as const
type RatedSignal = keyof typeof KEYS

/** Buckets of bytes, one for each tenant and signal. */
export class ByteRates {
  readonly #limits: Readonly<Record<RatedSignal, ByteRate>>
  readonly #rates: Readonly<Record<RatedSignal, TenantRate>>

  constructor(limits: Readonly<Record<RatedSignal, ByteRate>>) {
    this.#limits = limits
    this.#rates = {
      logs: new TenantRate(limits.logs.rate, limits.logs.burst),
      traces: new TenantRate(limits.traces.rate, limits.traces.burst),
    }
  }

  /** Step 9, once a body is read. @param bytes of it, unpacked @returns why it is too much for now, or at all */
  refuse(signal: Signal, tenant: TenantId, bytes: number, monotonicMs: number): Fault | undefined {
    if (signal === 'metrics') return undefined
    const { rate, burst } = this.#limits[signal]
    const key = KEYS[signal]
    if (rate > 0 && bytes > burst) {
      return tooLargeFault(
        `body: want at most ${burst} bytes unpacked at once (${key}Burst), got ${bytes}`,
        `${key}Burst`,
      )
    }
    const waitSeconds = this.#rates[signal].take(tenant, monotonicMs, bytes)
    return waitSeconds === 0 ? undefined : rateFault(`more than ${rate} bytes a second`, `${key}Rate`, waitSeconds)
  }
}

/** Bytes of a body unpacked: of snappy, what its head says, which is held to when it is unpacked. */
export function unpackedBytes({ packing }: BodyForm, { body, bodyLength }: ReadBody): number {
  return packing === 'snappy' ? readVarint(new ByteCursor(body, 0, bodyLength)) : bodyLength
}

/** As `ByteRates.refuse`, of a request that is being served. */
export function byteRateFault(
  reception: Reception,
  signal: Signal,
  tenant: TenantId,
  bytes: number,
): Fault | undefined {
  return reception.byteRates.refuse(signal, tenant, bytes, reception.clock.monotonicMs())
}
