import { readFileSync } from 'node:fs'
import { SpanBatch, systemClock } from '@vantage/model'
import { describe, expect, test } from 'vitest'
import { JaegerAgentReader } from './agent.ts'
import { JaegerThriftDecoder } from './thrift.ts'

const vector = (name: string): Buffer => readFileSync(new URL(`./vectors/${name}`, import.meta.url))
const COMPACT = vector('opentelemetry-jaeger-agent-1.21.0.bin')
const BINARY = vector('jaeger-client-3.19.0.bin')

const reader = new JaegerAgentReader()

/** The batch as hex, or what is wrong. */
function read(datagram: Uint8Array): string {
  const found = reader.batchOf(datagram)
  return found.ok ? Buffer.from(found.value).toString('hex') : found.error.message
}

const compactCall = (args: string, name = 'emitBatch') =>
  Buffer.concat([
    Buffer.from([0x82, 0x81, 0x00, name.length]),
    Buffer.from(name),
    Buffer.from(args.replaceAll(' ', ''), 'hex'),
  ])

function namesOf(batch: Uint8Array): string[] {
  const decoder = new JaegerThriftDecoder()
  const spans = new SpanBatch()
  decoder.start(batch, batch.length, spans)
  expect(decoder.step(Number.POSITIVE_INFINITY, systemClock)).toBe('done')
  const { names, count } = spans.columns
  return Array.from({ length: count }, (_, row) =>
    Buffer.from(names.bytes.subarray(names.from[row], names.to[row])).toString(),
  )
}

describe('what clients send to an agent', () => {
  test('the compact protocol of one is, byte for byte, what the same client sends over HTTP', () => {
    expect(read(COMPACT)).toBe(vector('opentelemetry-jaeger-thrift-1.21.0.bin').toString('hex'))
  })

  test('the binary protocol of another, with and without a version before the name', () => {
    const found = reader.batchOf(BINARY)
    if (!found.ok) throw new Error(found.error.message)
    expect(namesOf(found.value)).toEqual(['SELECT basket', 'GET /basket'])
    // Length and name, type, sequence id, arguments.
    const [name, rest] = [BINARY.subarray(4, 17), BINARY.subarray(17)]
    expect(read(Buffer.concat([name, Buffer.from([4]), rest]))).toBe(Buffer.from(found.value).toString('hex'))
  })

  test('cut at every byte both are malformed', () => {
    for (const datagram of [COMPACT, BINARY]) {
      // The last byte ends the arguments, which hold nothing behind the batch.
      for (let length = 0; length < datagram.length - 1; length++) {
        expect([length, read(datagram.subarray(0, length))]).toEqual([length, expect.stringMatching(/^Jaeger: /)])
      }
    }
  })

  test('other calls, versions and empty calls are named', () => {
    expect(read(compactCall('00', 'emitZipkinBatch'))).toBe('Jaeger: want a call of emitBatch, got "emitZipkinBatch"')
    expect(read(Buffer.from([0x82, 0x82, 0, 0]))).toBe('Jaeger: want version 1 of the compact protocol, got 2')
    expect(read(compactCall('00'))).toBe('Jaeger: want a batch in the call, got none')
    expect(read(compactCall('11 00'))).toBe('Jaeger: want a batch in the call, got none')
    expect(read(compactCall('1c 00 00', 'x'.repeat(65)))).toMatch(/malformed Thrift call at offset 4/)
  })
})

describe('the compact protocol in the binary one', () => {
  const struct = (fields: string) => read(compactCall(`1c ${fields} 00 00`))

  test.each([
    ['bools of fields', '11 12', '02 0001 01 02 0002 00 00'],
    [
      'integers of each width',
      '13 7f 14 03 15 04 16 01',
      '03 0001 7f 06 0002 fffe 08 0003 00000002 0a 0004 ffffffffffffffff 00',
    ],
    ['the largest integer', '16 feffffffffffffffff01', '0a 0001 7fffffffffffffff 00'],
    ['a double', '17 000000000000d03f', '04 0001 3fd0000000000000 00'],
    ['a text', '18 02 6869', '0b 0001 00000002 6869 00'],
    ['ids far apart and backwards', '08 a006 01 41 08 01 01 78', '0b 0190 00000001 41 0b ffff 00000001 78 00'],
    ['a list of bools', '19 21 01 02', '0f 0001 02 00000002 01 00 00'],
    ['a long set', `1a f5 10 ${'02'.repeat(16)}`, `0e 0001 08 00000010 ${'00000001'.repeat(16)} 00`],
    [
      'a map and an empty one',
      '1b 01 85 01 61 02 1b 00',
      '0d 0001 0b 08 00000001 00000001 61 00000001 0d 0002 00 00 00000000 00',
    ],
    ['structs in a list', '19 2c 11 00 00', '0f 0001 0c 00000002 02 0001 01 00 00 00'],
  ])('%s', (_what, compact, binary) => {
    expect(struct(compact)).toBe(binary.replaceAll(' ', ''))
  })

  test('types that there are not, counts beyond the bytes, and nesting beyond the limit are malformed', () => {
    for (const fields of ['1d', '19 1d 00', '19 f3 ffffffff0f', '18 ffffffff0f', '1b 05 88 01 61']) {
      expect([fields, struct(fields)]).toEqual([fields, expect.stringMatching(/malformed/)])
    }
    // With the call and its batch, 64 inside each other.
    expect(struct(`${'1c'.repeat(62)} 11 ${'00'.repeat(62)}`)).toMatch(/^0c/)
    expect(struct(`${'1c'.repeat(63)} 11 ${'00'.repeat(63)}`)).toMatch(/malformed/)
  })
})
