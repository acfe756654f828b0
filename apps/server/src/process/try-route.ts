import { type ApiAnswer, json, type Route } from '@vantage/api'
import {
  BatchRows,
  finish,
  isEarly,
  type LateProcessor,
  type Processor,
  runEarly,
  runLate,
} from '@vantage/decode/process'
import {
  type AnyValue,
  type Attributes,
  BODY_KIND,
  encodeAttributes,
  err,
  type Fault,
  fault,
  LogBatch,
  NO_ORIGIN,
  ok,
  type Result,
  SpanBatch,
  valueText,
} from '@vantage/model'
import { z } from 'zod'
import { processorsSchema } from '../config/processors.ts'
import { DerivedMetrics } from '../derive/derived-metrics.ts'

const TENANT = 'try'
const TEXT_CHARS_MAX = 65_536

const value = z.union([z.string().max(TEXT_CHARS_MAX), z.number(), z.boolean()])
const request = z.strictObject({
  processors: processorsSchema,
  sample: z
    .strictObject({
      line: z.string().max(TEXT_CHARS_MAX).optional(),
      name: z.string().max(TEXT_CHARS_MAX).optional(),
      service: z.string().max(TEXT_CHARS_MAX).default(''),
      severity: z.number().int().min(0).max(24).default(0),
      attributes: z.record(z.string(), value).default({}),
    })
    .refine(
      ({ line, name }) => (line === undefined) !== (name === undefined),
      'want a line (of a log) or a name (of a span)',
    ),
})

type Sample = z.output<typeof request>['sample']

/** What processors would do to one row: to be asked before they are put into the configuration. Nothing is stored. */
export function tryRoute(): Route {
  return {
    methods: ['POST'],
    path: '/api/vantage/v1/processors/try',
    permission: 'logs:read',
    summary: 'Try processors on a sample line or span',
    parameters: [],
    faults: 'vantage',
    handle: async ({ json: body }) => tryProcessors(body),
  }
}

function tryProcessors(body: unknown): Result<ApiAnswer, Fault> {
  const parsed = request.safeParse(body)
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => {
      const where = issue.path.join('.')
      return where === '' ? issue.message : `${where}: ${issue.message}`
    })
    return err(fault('bad_request', issues.join('; ')))
  }
  const { processors, sample } = parsed.data
  const batch = batchOf(sample)
  const steps: { name: string; did: string }[] = []
  for (const processor of processors) {
    steps.push({ name: processor.name, did: run(processor, batch) })
    if (batch.columns.count === 0) return ok(json({ isKept: false, droppedBy: processor.name, steps }))
  }
  const rows = new BatchRows(batch)
  const attributes = Object.fromEntries(rows.attributes(0).map(({ key, value: one }) => [key, valueText(one)]))
  const derived = new DerivedMetrics(processors.filter((one) => one.kind === 'derive'))
  derived.add(TENANT, finish(derived.measure(batch)))
  const metrics = derived.series(TENANT, 0).map(({ labels, values }) => ({ labels: pairsOf(labels), value: values[0] }))
  const severity = 'severities' in batch.columns ? { severity: batch.columns.severities[0] } : {}
  const text = 'bodies' in batch.columns ? { line: rows.text(0) } : { name: rows.text(0) }
  return ok(json({ isKept: true, ...text, ...severity, attributes, metrics, steps }))
}

function run(processor: Processor, batch: LogBatch | SpanBatch): string {
  const rows = new BatchRows(batch)
  const signal = 'bodies' in batch.columns ? 'logs' : 'spans'
  if (!processor.signals.has(signal)) return 'nothing: it is for the other signal'
  if (!rows.isSelected(0, processor.where)) return 'nothing: `where` does not hold'
  if (isEarly(processor)) {
    const [effect] = finish(runEarly([processor], batch))
    if (effect === undefined) return processor.kind === 'sample' ? 'kept' : 'nothing'
    return effect.dropped > 0 ? 'dropped' : 'masked'
  }
  const before = rows.attributes(0).length
  finish(runLate([processor as LateProcessor], batch))
  const added = new BatchRows(batch).attributes(0).length - before
  return processor.kind === 'derive' ? 'counted' : `${added} attributes added`
}

function batchOf({ line, name, service, severity, attributes }: Sample): LogBatch | SpanBatch {
  const batch = line === undefined ? new SpanBatch() : new LogBatch()
  batch.verdict.next()
  const row = batch.addRow(batch.addOrigin(0, 0))
  const resource: Attributes =
    service === '' ? [] : [{ key: 'service.name', value: { kind: 'string', value: service } }]
  batch.originOf = () => ({ ...NO_ORIGIN, resource })
  const own = encodeAttributes(Object.entries(attributes).map(([key, one]) => ({ key, value: anyValue(one) })))
  batch.columns.attributes.bytes = own
  batch.columns.attributes.set(row, 0, own.length)
  const text = Buffer.from(line ?? name ?? '')
  const column = 'bodies' in batch.columns ? batch.columns.bodies : batch.columns.names
  column.bytes = text
  column.set(row, 0, text.length)
  if ('bodies' in batch.columns) {
    batch.columns.bodyKinds[row] = BODY_KIND.text
    batch.columns.severities[row] = severity
  }
  return batch
}

function anyValue(one: string | number | boolean): AnyValue {
  if (typeof one === 'string') return { kind: 'string', value: one }
  if (typeof one === 'boolean') return { kind: 'bool', value: one }
  return Number.isSafeInteger(one) ? { kind: 'int', value: BigInt(one) } : { kind: 'double', value: one }
}

function pairsOf(labels: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {}
  for (let i = 0; i < labels.length; i += 2) out[labels[i] as string] = labels[i + 1] as string
  return out
}
