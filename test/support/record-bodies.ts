import { LogRows } from '../../bench/load/log-rows.ts'
import type { RecordTemplate } from '../../bench/load/record-template.ts'
import { type RowMaker, recordShape } from '../../bench/load/row-parts.ts'
import { SpanRows } from '../../bench/load/span-rows.ts'
import {
  jaegerProtobufBody,
  jaegerThriftBody,
  type SpanBody,
  zipkinJsonBody,
  zipkinProtobufBody,
} from '../../packages/decode/src/testing/span-bodies.ts'
import type { TestServer } from './server.ts'

/** Bodies of a load: one for each send. */
export interface LoadBodies {
  /** Of each body. */
  readonly items: number
  /** @returns a body of its own */
  at(timeMs: number): Buffer
}

const ROWS = 200
/** Stands where the number of the send comes: eight letters, and the same in hex of bytes that are such letters. */
const MARK = 'zqxjkvbw'
const START_MS = Date.now() - 1_800_000

/** A body made once; each send gets a number of its own in place of the mark, so that no two rows are alike. */
function numbered(bytes: Uint8Array, mark: Buffer, write: (number: number) => Buffer): LoadBodies {
  const made = Buffer.from(bytes)
  const places: number[] = []
  for (let at = made.indexOf(mark); at >= 0; at = made.indexOf(mark, at + mark.length)) places.push(at)
  if (places.length !== ROWS) throw new Error(`BUG: ${places.length} marks in ${ROWS} rows`)
  let sends = 0
  return {
    items: ROWS,
    at: () => {
      const body = Buffer.from(made)
      const number = write(++sends)
      for (const at of places) number.copy(body, at)
      return body
    },
  }
}

/** Spans of four to a trace, whose ids begin with the number of the send. */
function spanBodies(bodyOf: SpanBody, shard: number, isText: boolean): LoadBodies {
  const mark = Buffer.from(MARK)
  const spans = Array.from({ length: ROWS }, (_, row) => ({
    traceId:
      mark.toString('hex') +
      Math.floor(row / 4)
        .toString(16)
        .padStart(8, '0') +
      hex32(shard + 1),
    spanId: (row + 1).toString(16).padStart(16, '0'),
    name: 'SELECT stock',
    startUs: (START_MS + row) * 1_000,
    durationUs: 1_500,
    tags: [
      ['http.method', 'GET'],
      ['db.system', 'postgresql'],
    ] as const,
  }))
  const bytes = bodyOf(`overload-${shard}`, spans)
  if (isText) return numbered(bytes, Buffer.from(mark.toString('hex')), (number) => Buffer.from(hex64(number)))
  return numbered(bytes, mark, (number) => Buffer.from(hex64(number), 'hex'))
}

const hex32 = (value: number): string => value.toString(16).padStart(8, '0')
const hex64 = (value: number): string => value.toString(16).padStart(16, '0')

export const zipkinJsonBodies = (shard: number) => spanBodies(zipkinJsonBody, shard, true)
export const zipkinProtobufBodies = (shard: number) => spanBodies(zipkinProtobufBody, shard, false)
export const jaegerThriftBodies = (shard: number) => spanBodies(jaegerThriftBody, shard, false)
export const jaegerProtobufBodies = (shard: number) => spanBodies(jaegerProtobufBody, shard, false)

/** Rows of one request of OTLP lie so far apart. */
const STEP_NS = 1_000

/** Requests of OTLP as the benches send them, each at times of its own. */
function otlpBodies(maker: RowMaker): (shard: number) => LoadBodies {
  const { templates } = recordShape(maker, 2)
  let sends = 0
  return (shard) => {
    const template = templates[shard % templates.length] as RecordTemplate
    const at = () => {
      const sinceNs = BigInt(sends * template.rows * STEP_NS)
      return Buffer.from(template.patch(BigInt(START_MS) * 1_000_000n + sinceNs, STEP_NS, ++sends))
    }
    return { items: template.rows, at }
  }
}

export const otlpLogBodies = otlpBodies(new LogRows('wide'))
export const otlpSpanBodies = otlpBodies(new SpanRows('wide'))

const decimal = (number: number) => Buffer.from(String(number).padStart(MARK.length, '0'))

export function jsonLineBodies(shard: number): LoadBodies {
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const line = { _msg: `order ${row} of ${MARK} was paid`, _time: START_MS + row, service: `overload-${shard}` }
    return `${JSON.stringify(line)}\n`
  })
  return numbered(Buffer.from(lines.join('')), Buffer.from(MARK), decimal)
}

export function lokiBodies(shard: number): LoadBodies {
  const values = Array.from({ length: ROWS }, (_, row) => [
    `${START_MS + row}000000`,
    `level=info order=${row} ${MARK}`,
  ])
  const body = { streams: [{ stream: { service_name: `overload-${shard}` }, values }] }
  return numbered(Buffer.from(JSON.stringify(body)), Buffer.from(MARK), decimal)
}

async function answerOf<Answer>(url: string): Promise<Answer> {
  const answer = await fetch(url)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
  return JSON.parse(text) as Answer
}

/** All log rows of the load. */
export async function storedLogRows({ url }: TestServer): Promise<number> {
  const query = 'sum(count_over_time({service_name=~"(?:overload|service)-.*"}[3h]))'
  const answer = await answerOf<{ data: { result: { value: [number, string] }[] } }>(
    `${url}/loki/api/v1/query?${new URLSearchParams({ query })}`,
  )
  return Number(answer.data.result[0]?.value[1] ?? 0)
}

/** All spans of the load. */
export async function storedSpans({ url }: TestServer): Promise<number> {
  const nowS = Math.ceil(Date.now() / 1_000)
  const range = { start: String(nowS - 10_800), end: String(nowS) }
  const answer = await answerOf<{ series: { value?: number }[] }>(
    `${url}/tempo/api/metrics/query?${new URLSearchParams({ q: '{ } | count_over_time()', ...range })}`,
  )
  return answer.series[0]?.value ?? 0
}
