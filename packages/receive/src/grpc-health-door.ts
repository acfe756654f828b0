import { type Fault, fault } from '@vantage/model'
import type { CallTaker, GrpcCall } from './grpc-call.ts'
import { decodeHealthRequest, encodeHealthResponse, healthOf, isUnknownService } from './grpc-health.ts'
import { HEALTH_POLL_MS, HEALTH_WATCHERS_MAX } from './limits.ts'
import type { Reception } from './reception.ts'

/** A name of a service fits; anything larger is no such request. */
const REQUEST_BYTES_MAX = 4 * 1024

/** `grpc.health.v1.Health`; needs no credential. */
export class HealthDoor {
  readonly #reception: Reception
  readonly #served: ReadonlySet<string>
  readonly #watchers = new Map<GrpcCall, { readonly service: string; last: number }>()
  #timer: NodeJS.Timeout | undefined

  constructor(reception: Reception, served: ReadonlySet<string>) {
    this.#reception = reception
    this.#served = served
  }

  check(call: GrpcCall): CallTaker {
    return this.#taker(call, (service) => {
      const status = healthOf(service, this.#served, this.#reception.phase())
      if (isUnknownService(status)) {
        call.failPlainly(fault('not_found', 'unknown service'))
        return
      }
      call.send(encodeHealthResponse(status))
      call.finish()
    })
  }

  /** Sends the state now and at every change, until the client or the server leaves. */
  watch(call: GrpcCall): CallTaker {
    return this.#taker(call, (service) => {
      if (this.#watchers.size >= HEALTH_WATCHERS_MAX) {
        call.failPlainly(fault('too_many', 'too many watchers'))
        return
      }
      this.#watchers.set(call, { service, last: 0 })
      this.#timer ??= setInterval(() => this.#tell(), HEALTH_POLL_MS).unref()
      this.#tell()
    })
  }

  close(): void {
    this.#tell()
    for (const call of [...this.#watchers.keys()]) {
      this.#leave(call)
      call.finish()
    }
  }

  /** Reads the one message, then answers. */
  #taker(call: GrpcCall, answer: (service: string) => void): CallTaker {
    let service: string | undefined
    const bad = (): Fault => fault('bad_request', 'want one HealthCheckRequest')
    call.expectMessage()
    return {
      begin: (bytes) => (bytes <= REQUEST_BYTES_MAX && service === undefined ? undefined : bad()),
      message: (buffer, bytes) => {
        service = decodeHealthRequest(buffer.bytes.subarray(0, bytes))
        this.#reception.buffers.give(buffer)
        if (service === undefined) call.failPlainly(bad())
      },
      end: () => {
        if (service === undefined) call.failPlainly(bad())
        else answer(service)
      },
      cancelled: () => this.#leave(call),
    }
  }

  #tell(): void {
    const phase = this.#reception.phase()
    for (const [call, watcher] of this.#watchers) {
      const status = healthOf(watcher.service, this.#served, phase)
      if (status === watcher.last) continue
      watcher.last = status
      call.send(encodeHealthResponse(status))
    }
  }

  #leave(call: GrpcCall): void {
    this.#watchers.delete(call)
    if (this.#watchers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
