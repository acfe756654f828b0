import { hostname } from 'node:os'
import { context, logs, metrics, propagation, SeverityNumber, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** Everything the demo sends carries it, so that one deletion removes all of it. */
const NAMESPACE = 'vantage-demo'
const EXPORT_EVERY_MS = 1_000
const QUEUE_SPANS_MAX = 20_000

export interface Telemetry {
  /** Sends what waits, then ends. */
  shutdown(): Promise<void>
}

/**
 * Sets the OpenTelemetry SDK up for one process: traces, metrics and logs to an OTLP/HTTP door, W3C trace context.
 * @param endpoint such as http://127.0.0.1:4318
 */
export function startTelemetry(service: string, version: string, endpoint: string): Telemetry {
  const resource = resourceFromAttributes({
    'service.name': service,
    'service.version': version,
    'service.namespace': NAMESPACE,
    'service.instance.id': `${service}-${process.pid}`,
    'deployment.environment.name': 'demo',
    'host.name': hostname(),
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const tracing = new TracerProvider({
    resource,
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }),
        scheduledDelayMillis: EXPORT_EVERY_MS,
        maxQueueSize: QUEUE_SPANS_MAX,
      }),
    ],
  })
  trace.setGlobalTracerProvider(tracing)
  const logging = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor({
        exporter: new OTLPLogExporter({ url: `${endpoint}/v1/logs` }),
        scheduledDelayMillis: EXPORT_EVERY_MS,
      }),
    ],
  })
  logs.setGlobalLoggerProvider(logging)
  const metering = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` }),
        exportIntervalMillis: EXPORT_EVERY_MS,
        exportTimeoutMillis: EXPORT_EVERY_MS,
      }),
    ],
  })
  metrics.setGlobalMeterProvider(metering)
  return {
    shutdown: async () => {
      await Promise.all([tracing.shutdown(), logging.shutdown(), metering.shutdown()])
    },
  }
}

const SEVERITIES = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
}

/** Writes a log record in the context of the active span, as one line of JSON like applications write them. */
export function log(
  level: keyof typeof SEVERITIES,
  message: string,
  fields: Record<string, string | number> = {},
): void {
  const spanContext = trace.getActiveSpan()?.spanContext()
  const ids = spanContext === undefined ? {} : { trace_id: spanContext.traceId, span_id: spanContext.spanId }
  logs.getLogger('shop').emit({
    severityNumber: SEVERITIES[level],
    severityText: level.toUpperCase(),
    body: JSON.stringify({ level, msg: message, ...fields, ...ids }),
    attributes: fields,
  })
}
