import type { TraceColumns } from '@vantage/model'
import { arrayAt, type Json, labelsOf, numberAt, recordAt, textAt, textsOf } from './json.ts'

const NS_PER_MS = 1_000_000

/** Reads the structure of a trace; columns that are short count as zeros, parents that are no place as none. */
export function readTraceColumns(body: Json): TraceColumns {
  const count = Math.max(0, Math.floor(numberAt(body, 'count')))
  const ints = (key: string) => filled(new Int32Array(count), arrayAt(body, key))
  const events = arrayAt(body, 'events')
  const isError = new Uint8Array(count)
  for (const place of arrayAt(body, 'errors')) if (typeof place === 'number') isError[place] = 1
  const start = textAt(body, 'startNs')
  return {
    traceId: textAt(body, 'traceId'),
    startNs: /^-?\d+$/.test(start) ? BigInt(start) : 0n,
    count,
    names: textsOf(arrayAt(body, 'names')),
    services: textsOf(arrayAt(body, 'services')),
    spanIds: textAt(body, 'spanIds'),
    parents: ints('parents'),
    missing: new Map(Object.entries(labelsOf(recordAt(body, 'missing'))).map(([place, id]) => [Number(place), id])),
    serviceOf: ints('serviceOf'),
    nameOf: ints('nameOf'),
    kinds: filled(new Uint8Array(count), arrayAt(body, 'kinds')),
    startMs: milliseconds(new Float64Array(count), arrayAt(body, 'starts')),
    durationMs: milliseconds(new Float64Array(count), arrayAt(body, 'durations')),
    isError,
    eventPlaces: Int32Array.from(events.filter((_, i) => i % 2 === 0) as number[]),
    eventMs: Float64Array.from(events.filter((_, i) => i % 2 === 1) as number[], (ns) => ns / NS_PER_MS),
    isEventsCut: body['eventsCut'] === true,
  }
}

function filled<T extends Int32Array | Uint8Array>(out: T, values: readonly unknown[]): T {
  for (let i = 0; i < out.length; i++) out[i] = Number(values[i] ?? 0)
  return out
}

function milliseconds(out: Float64Array, values: readonly unknown[]): Float64Array {
  for (let i = 0; i < out.length; i++) out[i] = Number(values[i] ?? 0) / NS_PER_MS
  return out
}
