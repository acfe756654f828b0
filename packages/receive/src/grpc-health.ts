import { ByteCursor, readVarint, utf8Text } from '@vantage/bytes'
import type { Phase } from './reception.ts'

/**
 * `grpc.health.v1`: three messages of one field each, written by hand.
 * Source: grpc/grpc src/proto/grpc/health/v1/health.proto.
 *
 *     HealthCheckRequest   1 service string
 *     HealthCheckResponse  1 status  enum
 */
export const HEALTH_SERVICE = 'grpc.health.v1.Health'

const SERVING = 1
const NOT_SERVING = 2
const SERVICE_UNKNOWN = 3
type HealthStatus = typeof SERVING | typeof NOT_SERVING | typeof SERVICE_UNKNOWN

const TAG_SERVICE = 0x0a
const TAG_STATUS = 0x08
const WIRE_VARINT = 0
const WIRE_FIXED64 = 1
const WIRE_BYTES = 2
const WIRE_FIXED32 = 5

/** @returns the name of the service asked for, '' for the whole server, undefined where the bytes are no request */
export function decodeHealthRequest(bytes: Uint8Array): string | undefined {
  const cursor = new ByteCursor(bytes)
  let service = ''
  while (cursor.at < cursor.end) {
    const tag = readVarint(cursor)
    const wire = tag & 7
    if (wire === WIRE_VARINT) readVarint(cursor)
    else if (wire === WIRE_FIXED64) cursor.at += 8
    else if (wire === WIRE_FIXED32) cursor.at += 4
    else if (wire === WIRE_BYTES) {
      const length = readVarint(cursor)
      if (length > cursor.end - cursor.at) return undefined
      if (tag === TAG_SERVICE) service = utf8Text(bytes, cursor.at, cursor.at + length)
      cursor.at += length
    } else return undefined
    if (cursor.isBad) return undefined
  }
  return cursor.at === cursor.end ? service : undefined
}

export function encodeHealthResponse(status: HealthStatus): Buffer {
  return Buffer.of(TAG_STATUS, status)
}

/** The state of one service. Pressure is no reason to be taken out: queries and retries still work. */
export function healthOf(service: string, served: ReadonlySet<string>, phase: Phase): HealthStatus {
  if (service !== '' && !served.has(service)) return SERVICE_UNKNOWN
  return phase === 'ready' ? SERVING : NOT_SERVING
}

export function isUnknownService(status: HealthStatus): boolean {
  return status === SERVICE_UNKNOWN
}
