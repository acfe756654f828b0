import { ROOT_CONTEXT, SeverityNumber, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufTraces } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

/** The unmodified OpenTelemetry SDK for Node sends logs and traces to the real server; every field must come back. */

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
})

const TIME_MS = Date.now() - 60_000

const forms = [
  [
    'grpc',
    () => ({
      logs: new GrpcLogs({ url: `http://${server.otlpGrpcTarget}` }),
      traces: new GrpcTraces({ url: `http://${server.otlpGrpcTarget}` }),
    }),
  ],
  [
    'http-protobuf',
    () => ({
      logs: new ProtobufLogs({ url: `${server.otlpHttpUrl}/v1/logs` }),
      traces: new ProtobufTraces({ url: `${server.otlpHttpUrl}/v1/traces` }),
    }),
  ],
  [
    'http-json',
    () => ({
      logs: new JsonLogs({ url: `${server.otlpHttpUrl}/v1/logs` }),
      traces: new JsonTraces({ url: `${server.otlpHttpUrl}/v1/traces` }),
    }),
  ],
] as const

describe.each(forms)('%s', (form, exporters) => {
  test('a span with everything that the SDK can say, and a log record inside of it', async () => {
    const { logs: logExporter, traces: traceExporter } = exporters()
    const resource = resourceFromAttributes({ 'service.name': `sdk-${form}`, 'service.version': '1.2.3' })
    const tracing = new TracerProvider({
      resource,
      spanProcessors: [new SimpleSpanProcessor({ exporter: traceExporter })],
    })
    const logging = new LoggerProvider({
      resource,
      processors: [new SimpleLogRecordProcessor({ exporter: logExporter })],
    })
    const span = tracing.getTracer('shop.tracer', '0.1').startSpan('POST /pay', {
      kind: SpanKind.SERVER,
      startTime: TIME_MS,
      attributes: { 'http.route': '/pay', retries: 3, share: 0.5, isPaid: true, items: ['a', 'b'] },
    })
    span.addEvent('charged', { cents: 1200 }, TIME_MS + 5)
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' })
    logging.getLogger('shop.logger').emit({
      timestamp: TIME_MS + 7,
      severityNumber: SeverityNumber.WARN,
      severityText: 'WARN',
      body: 'card declined',
      attributes: { user: 'u1', tries: 2 },
      context: trace.setSpan(ROOT_CONTEXT, span),
    })
    span.end(TIME_MS + 10)
    await Promise.all([tracing.forceFlush(), logging.forceFlush()])
    await Promise.all([tracing.shutdown(), logging.shutdown()])
    const { traceId, spanId } = span.spanContext()

    const answer = await fetch(`${server.url}/tempo/api/traces/${traceId}`)
    const body = (await answer.json()) as {
      batches: { resource: object; scopeSpans: { scope: object; spans: object[] }[] }[]
    }
    expect(body.batches).toHaveLength(1)
    expect(body.batches[0]?.resource).toMatchObject({
      attributes: [
        { key: 'service.name', value: { stringValue: `sdk-${form}` } },
        { key: 'service.version', value: { stringValue: '1.2.3' } },
      ],
    })
    expect(body.batches[0]?.scopeSpans[0]?.scope).toMatchObject({ name: 'shop.tracer', version: '0.1' })
    expect(body.batches[0]?.scopeSpans[0]?.spans).toMatchObject([
      {
        traceId,
        spanId,
        name: 'POST /pay',
        kind: 2,
        startTimeUnixNano: `${TIME_MS}000000`,
        endTimeUnixNano: `${TIME_MS + 10}000000`,
        attributes: [
          { key: 'http.route', value: { stringValue: '/pay' } },
          { key: 'retries', value: { intValue: '3' } },
          { key: 'share', value: { doubleValue: 0.5 } },
          { key: 'isPaid', value: { boolValue: true } },
          { key: 'items', value: { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } } },
        ],
        events: [
          {
            name: 'charged',
            timeUnixNano: `${TIME_MS + 5}000000`,
            attributes: [{ key: 'cents', value: { intValue: '1200' } }],
          },
        ],
        status: { code: 2, message: 'declined' },
      },
    ])

    const query = `{service_name="sdk-${form}"} | trace_id="${traceId}"`
    const params = new URLSearchParams({ query, start: `${TIME_MS - 60_000}000000`, end: `${TIME_MS + 60_000}000000` })
    const lines = (await (await fetch(`${server.url}/loki/api/v1/query_range?${params}`)).json()) as {
      data: { result: { stream: Record<string, string>; values: [string, string][] }[] }
    }
    expect(lines.data.result).toHaveLength(1)
    expect(lines.data.result[0]?.values).toEqual([[`${TIME_MS + 7}000000`, 'card declined']])
    expect(lines.data.result[0]?.stream).toMatchObject({
      service_name: `sdk-${form}`,
      trace_id: traceId,
      span_id: spanId,
      detected_level: 'warn',
      severity_text: 'WARN',
      user: 'u1',
      tries: '2',
      scope_name: 'shop.logger',
    })
  })
})
