import {
  err,
  type Fault,
  fault,
  foreign,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type Result,
  STATUS,
} from '@vantage/model'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { TextCodec } from './text-doors-codec.ts'
import { isOpenMetrics, queryOf, refusalText, sumOf, textAnswer, textFault, textForm } from './text-doors-forms.ts'
import type { Taken, TextDoor } from './text-doors-visit.ts'

/** Samples of an import that must be rewritten: each is an object for a while. Without parameters there is no such limit. */
export const REWRITTEN_SAMPLES_MAX = 100_000
/** Samples of one log record of such an import: some 5 ms of work. */
const SAMPLES_PER_RECORD = 5_000
const EXTRA_LABELS_MAX = 32

const RECEIVER = 'prometheus-import'

interface Parameters {
  readonly timeMs: number | undefined
  readonly labels: readonly (readonly [string, string])[]
}

/**
 * `POST /api/v1/import/prometheus`: text format 0.0.4, or OpenMetrics where the media type says so. `timestamp` (ms)
 * is that of samples without one; each `extra_label=name=value` is set on all series.
 * Source: VictoriaMetrics docs "How to import data in Prometheus exposition format".
 */
export function importDoor(codec: TextCodec): TextDoor {
  return {
    signal: 'metrics',
    receiver: RECEIVER,
    paths: ['/api/v1/import/prometheus'],
    methods: ['POST', 'PUT'],
    readForm: textForm,
    take: (taken) => take(taken, codec),
    accepted: (outcome) => {
      const refused = refusalText(outcome)
      return refused === ''
        ? { status: 204, headers: {}, body: '' }
        : textAnswer(STATUS.bad_request.http, `some samples were refused, the others are stored: ${refused}`)
    },
    refused: textFault,
  }
}

async function take(taken: Taken, codec: TextCodec): Promise<Result<IntakeAccepted, IntakeFault>> {
  const { tenant, sender, reception, url, contentType, body, connection } = taken
  const parameters = readParameters(queryOf(url))
  if (!parameters.ok) return parameters
  const isStrict = isOpenMetrics(contentType)
  if (parameters.value.timeMs === undefined && parameters.value.labels.length === 0) {
    const format = isStrict ? PAYLOAD_FORMATS.openMetricsText : PAYLOAD_FORMATS.prometheusText
    return reception.submit({ tenant, sender, receiver: RECEIVER, format, ...body, connection })
  }
  const rewritten = await codec.read(body.body, body.bodyLength, {
    grammar: isStrict ? 'openmetrics' : 'prometheus',
    mode: 'import',
    timeMs: parameters.value.timeMs ?? reception.clock.nowMs(),
    labels: parameters.value.labels,
    samplesMax: REWRITTEN_SAMPLES_MAX,
    takesTimes: true,
  })
  if (!rewritten.ok) return rewritten
  const { series, metadata, refused, warnings } = rewritten.value
  const parts: IntakeAccepted[] = [{ items: 0, histograms: 0, exemplars: 0, refused, warnings }]
  for (let at = 0; at < series.length || at === 0; at += SAMPLES_PER_RECORD) {
    const payload = codec.encode(series.slice(at, at + SAMPLES_PER_RECORD), at === 0 ? metadata : [])
    const outcome = await submitPayload(taken, RECEIVER, payload)
    if (!outcome.ok) return outcome
    parts.push(outcome.value)
  }
  return ok(sumOf(parts))
}

function readParameters(query: URLSearchParams): Result<Parameters, Fault> {
  const written = query.get('timestamp')
  if (written !== null && !/^-?\d{1,16}$/.test(written)) {
    return err(fault('bad_request', `timestamp: want unix milliseconds, got ${JSON.stringify(foreign(written))}`))
  }
  const labels: [string, string][] = []
  for (const text of query.getAll('extra_label')) {
    const at = text.indexOf('=')
    if (at <= 0) return err(fault('bad_request', `extra_label: want name=value, got ${JSON.stringify(foreign(text))}`))
    labels.push([text.slice(0, at), text.slice(at + 1)])
  }
  if (labels.length > EXTRA_LABELS_MAX) {
    return err(fault('bad_request', `extra_label: want at most ${EXTRA_LABELS_MAX}, got ${labels.length}`))
  }
  return ok({ timeMs: written === null ? undefined : Number(written), labels })
}

/** Hands a canonical payload on, as if a sender of remote write had written it. */
export function submitPayload(
  { tenant, sender, reception, connection }: Taken,
  receiver: string,
  payload: Uint8Array,
): Promise<Result<IntakeAccepted, IntakeFault>> {
  return reception.submit({
    tenant,
    sender,
    receiver,
    format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
    encoding: PAYLOAD_ENCODINGS.snappyBlock,
    raw: payload,
    body: payload,
    bodyLength: payload.length,
    connection,
  })
}
