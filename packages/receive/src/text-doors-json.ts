import { type Fault, ok, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS, type Result, STATUS } from '@vantage/model'
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

/** Posted to here, read by others. */
export const EVENTS_PATH = '/api/vantage/v1/events'

/** `POST /api/vantage/v1/events`: deploys and other changes, one JSON object or an array of them. */
export function eventsDoor(codec: TextCodec): TextDoor {
  return pushingDoor('events', { paths: [EVENTS_PATH], isShared: true }, async ({ body }) =>
    codec.readEvents(body.body, body.bodyLength),
  )
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
