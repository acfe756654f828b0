/** The log of each door of logs and spans, cut at every byte: a start finds all rows of whole records, and no others. */
import { describe, expect, test } from 'vitest'
import { logScratch, spanScratch } from '../../apps/server/src/intake/record-decoders.ts'
import { RecordsIntake, type RecordsIntakeOptions } from '../../apps/server/src/intake/records-intake.ts'
import { processorCounts, RowProcessing } from '../../apps/server/src/process/row-processing.ts'
import { snappyCompress } from '../../packages/bytes/src/index.ts'
import { RECORD_LIMITS } from '../../packages/decode/src/limits.ts'
import { RECORD_FORMS } from '../../packages/decode/src/testing/record-forms.ts'
import { SegmentLog } from '../../packages/log/src/index.ts'
import {
  type LogBatch,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type PayloadFormat,
  type SpanBatch,
  systemClock,
} from '../../packages/model/src/index.ts'
import { FaultFileSystem, testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { Registry } from '../../packages/observe/src/index.ts'

const RECORDS = 2
const STRIDE = { test: 8, wide: 1, long: 1 }[testSet()]
const FORMATS: Readonly<Record<string, PayloadFormat>> = {
  'OTLP logs': PAYLOAD_FORMATS.otlpLogsProtobuf,
  'OTLP logs JSON': PAYLOAD_FORMATS.otlpLogsJson,
  'OTLP traces': PAYLOAD_FORMATS.otlpTracesProtobuf,
  'OTLP traces JSON': PAYLOAD_FORMATS.otlpTracesJson,
  'Loki push': PAYLOAD_FORMATS.lokiPushSnappy,
  'Loki push JSON': PAYLOAD_FORMATS.lokiPushJson,
  'Zipkin JSON': PAYLOAD_FORMATS.zipkinJson,
  'Zipkin JSON, first version': PAYLOAD_FORMATS.zipkinJson,
  'Zipkin protobuf': PAYLOAD_FORMATS.zipkinProtobuf,
  'Jaeger Thrift': PAYLOAD_FORMATS.jaegerThrift,
  'Jaeger protobuf': PAYLOAD_FORMATS.jaegerProtobuf,
}

function openLog(files: FaultFileSystem, topic: 'raw-logs' | 'spans-raw'): Promise<SegmentLog> {
  let salt = 0x5eed
  return SegmentLog.open({
    directory: '/log',
    files,
    clock: systemClock,
    onFatal: (error) => {
      throw error
    },
    newSalt: () => ++salt,
    freeBytes: () => Number.MAX_SAFE_INTEGER,
    minFreeBytes: 1,
    policies: { [topic]: { kind: 'consumed', consumers: ['columns'] } } as never,
  })
}

type Options = RecordsIntakeOptions<LogBatch | SpanBatch>

/** An intake whose store keeps the names or lines of its rows. */
function openIntake(topic: Options['topic'], format: PayloadFormat, log: SegmentLog) {
  const rows: string[] = []
  const intake = new RecordsIntake<LogBatch | SpanBatch>({
    topic,
    formats: new Set([format]),
    log,
    clock: systemClock,
    newScratch: () =>
      (topic === 'raw-logs' ? logScratch(RECORD_LIMITS, 1 << 20) : spanScratch(RECORD_LIMITS, 1 << 20)) as never,
    apply: (_tenant, { columns }) => {
      const { bytes, from, to } = 'bodies' in columns ? columns.bodies : columns.names
      for (let row = 0; row < columns.count; row++) {
        rows.push(Buffer.from(bytes.subarray(from[row], to[row])).toString())
      }
    },
    hasRoom: () => true,
    crowding: () => 0,
    deletions: { check: (_tenant, deletion) => ok(deletion), apply: () => {} },
    limit: { refuse: () => {}, note: () => {} },
    times: { maxFutureMs: undefined, maxPastMs: undefined },
    processing: new RowProcessing([], processorCounts(new Registry())),
  })
  return { intake, rows }
}

/** Every length up to the whole; in the quick set every eighth, other ones in each run, and the whole. */
function cutsOf(whole: number): number[] {
  const cuts: number[] = []
  for (let length = testSeed() % STRIDE; length < whole; length += STRIDE) cuts.push(length)
  return [...cuts, whole]
}

describe.each(RECORD_FORMS)('$name', ({ name, seed, newBatch }) => {
  test('cut at every byte', { timeout: 120_000 }, async () => {
    const topic = 'bodies' in newBatch().columns ? 'raw-logs' : 'spans-raw'
    const format = FORMATS[name] as PayloadFormat
    const isSnappy = format === PAYLOAD_FORMATS.lokiPushSnappy
    const body = isSnappy ? new Uint8Array(snappyCompress(seed)) : seed
    const files = new FaultFileSystem({ seed: 1 })
    const log = await openLog(files, topic)
    const { intake, rows } = openIntake(topic, format, log)
    const ends: number[] = []
    for (let i = 0; i < RECORDS; i++) {
      const sent = await intake.submit({
        tenant: 'default',
        receiver: 'test',
        format,
        encoding: isSnappy ? PAYLOAD_ENCODINGS.snappyBlock : PAYLOAD_ENCODINGS.identity,
        raw: body,
        body,
        bodyLength: body.length,
        connection: {},
      })
      expect(sent).toMatchObject({ ok: true, value: { refused: [] } })
      ends.push(log.stats(topic).bytesOnDisk)
    }
    await log.close()
    const perRecord = rows.length / RECORDS
    expect(perRecord).toBeGreaterThan(0)
    const segment = `/log/${topic}/00000000000000000000.log`
    const whole = files.contentOf(segment).slice()
    expect(ends.at(-1)).toBe(whole.length)
    for (const length of cutsOf(whole.length)) {
      const cut = new FaultFileSystem({ seed: 1 })
      cut.makeDirectory(`/log/${topic}`)
      cut.setContent(segment, whole.slice(0, length))
      const reopened = await openLog(cut, topic)
      const again = openIntake(topic, format, reopened)
      const problems: string[] = []
      await again.intake.replay(0, (message) => problems.push(message))
      const kept = ends.filter((end) => end <= length).length
      expect([length, problems, again.rows]).toEqual([length, [], rows.slice(0, kept * perRecord)])
      await reopened.close()
    }
  })
})
