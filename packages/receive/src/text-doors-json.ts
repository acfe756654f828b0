import { err, type Fault, fault, ok, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS, type Result, STATUS } from '@vantage/model'
import type { Answer } from './http-answers.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { JsonLineNames, ReadPushes, TextCodec } from './text-doors-codec.ts'
import { queryOf, refusalText, sumOf, textAnswer, textFault, textForm } from './text-doors-forms.ts'
import type { Taken, TextDoor } from './text-doors-visit.ts'

/**
 * `POST /insert/jsonline`: a JSON object a line. `_msg_field`, `_time_field` and `_stream_fields` name members, separated
 * by commas. Source: VictoriaLogs docs, data ingestion, "JSON stream API".
 */
export function jsonLinesDoor(codec: TextCodec): TextDoor {
  return pushingDoor('json-lines', { paths: ['/insert/jsonline'] }, ({ url, body }) => {
    const query = queryOf(url)
    const names: JsonLineNames = {
      message: listOf(query.get('_msg_field')),
      time: listOf(query.get('_time_field')),
      stream: listOf(query.get('_stream_fields')),
    }
    return codec.readJsonLines(body.body, body.bodyLength, names)
  })
}

/** The second last segment of a path. @returns undefined where its encoding is none */
function streamNameOf(url: string): string | undefined {
  try {
    return decodeURIComponent((url.split('?', 1)[0] as string).split('/').at(-2) ?? '')
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/**
 * `POST /{org}/{stream}/_json`: an array of objects, or one. The organisation is the key's to say.
 * Source: OpenObserve docs, API, "Logs ingestion - JSON".
 */
export function jsonArrayDoor(codec: TextCodec): TextDoor {
  const paths = ['/:org/:stream/_json', '/api/:org/:stream/_json']
  const door = pushingDoor('json-array', { paths }, async ({ url, body }) => {
    const streamName = streamNameOf(url)
    if (streamName === undefined || streamName === '') {
      return err(fault('bad_request', 'want a stream in the path, as in /default/web/_json'))
    }
    return codec.readJsonLines(body.body, body.bodyLength, { message: [], time: [], stream: [], streamName })
  })
  return {
    ...door,
    accepted: (outcome, _method, url) => {
      const failed = outcome.refused.reduce((sum, one) => sum + one.count, 0)
      const error = failed === 0 ? {} : { error: refusalText(outcome) }
      const status = [{ name: streamNameOf(url), successful: outcome.items, failed, ...error }]
      const headers = { 'content-type': 'application/json' }
      return { status: 200, headers, body: JSON.stringify({ code: 200, status }) }
    },
  }
}

/** Posted to here, read by others. */
export const EVENTS_PATH = '/api/vantage/v1/events'

/** `POST /api/vantage/v1/events`: deploys and other changes, one JSON object or an array of them. */
export function eventsDoor(codec: TextCodec): TextDoor {
  return pushingDoor('events', { paths: [EVENTS_PATH], isShared: true }, async ({ body }) =>
    codec.readEvents(body.body, body.bodyLength),
  )
}

/** `POST /ingest/single`, `/ingest/file`: what integration jobs write down of their runs, one object or an array. */
export function executionsDoor(codec: TextCodec): TextDoor {
  const paths = ['/ingest/single', '/ingest/file']
  const door = pushingDoor(EXECUTIONS, { paths }, ({ body }) => codec.readExecutions(body.body, body.bodyLength))
  return { ...door, accepted: executionsAnswer }
}

/** `/ingest/trigger`: takes the entries that come with the product. It was a GET elsewhere and is one here too. */
export function sampleExecutionsDoor(codec: TextCodec): TextDoor {
  const door = pushingDoor(EXECUTIONS, { paths: ['/ingest/trigger'] }, () => {
    const sample = codec.sampleExecutions()
    return codec.readExecutions(sample, sample.length)
  })
  return { ...door, methods: ['GET', 'POST'], accepted: executionsAnswer }
}

const EXECUTIONS = 'execution-log'

function executionsAnswer(outcome: IntakeAccepted): Answer {
  const rejected = outcome.refused.reduce((sum, one) => sum + one.count, 0)
  const reasons = outcome.refused.map(({ message }) => message)
  const isRefused = outcome.items === 0 && rejected > 0
  const status = isRefused ? STATUS.unprocessable.http : 200
  const body = { status: isRefused ? 'error' : 'success', accepted: outcome.items, rejected, reasons }
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** A door for JSON that is logged as Loki's push. */
function pushingDoor(
  receiver: string,
  places: Pick<TextDoor, 'paths' | 'isShared'>,
  read: (taken: Taken) => Promise<Result<ReadPushes, Fault>>,
): TextDoor {
  return {
    signal: 'logs',
    receiver,
    ...places,
    methods: ['POST'],
    readForm: textForm,
    take: async (taken) => {
      const found = await read(taken)
      return found.ok ? submitPushes(taken, receiver, found.value) : found
    },
    accepted: (outcome) => {
      const refused = refusalText(outcome)
      return refused === ''
        ? { status: 204, headers: {}, body: '' }
        : textAnswer(STATUS.bad_request.http, `some lines were refused, the others are stored: ${refused}`)
    },
    refused: textFault,
  }
}

async function submitPushes(
  { tenant, sender, reception, connection }: Taken,
  receiver: string,
  { pushes, refused }: ReadPushes,
): Promise<Result<IntakeAccepted, IntakeFault>> {
  const parts: IntakeAccepted[] = [{ items: 0, histograms: 0, exemplars: 0, refused, warnings: [] }]
  for (const push of pushes) {
    const outcome = await reception.submit({
      tenant,
      sender,
      receiver,
      format: PAYLOAD_FORMATS.lokiPushJson,
      encoding: PAYLOAD_ENCODINGS.identity,
      raw: push,
      body: push,
      bodyLength: push.length,
      connection,
    })
    if (!outcome.ok) return outcome
    parts.push(outcome.value)
  }
  return ok(sumOf(parts))
}

function listOf(text: string | null): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
