import { ok, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS, type Result, STATUS } from '@vantage/model'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { JsonLineNames, TextCodec } from './text-doors-codec.ts'
import { queryOf, refusalText, sumOf, textAnswer, textFault, textForm } from './text-doors-forms.ts'
import type { Taken, TextDoor } from './text-doors-visit.ts'

const RECEIVER = 'json-lines'

/**
 * `POST /insert/jsonline`: a JSON object a line. `_msg_field`, `_time_field` and `_stream_fields` name members, separated
 * by commas. Source: VictoriaLogs docs, data ingestion, "JSON stream API".
 */
export function jsonLinesDoor(codec: TextCodec): TextDoor {
  return {
    signal: 'logs',
    receiver: RECEIVER,
    paths: ['/insert/jsonline'],
    methods: ['POST'],
    readForm: textForm,
    take: (taken) => take(taken, codec),
    accepted: (outcome) => {
      const refused = refusalText(outcome)
      return refused === ''
        ? { status: 204, headers: {}, body: '' }
        : textAnswer(STATUS.bad_request.http, `some lines were refused, the others are stored: ${refused}`)
    },
    refused: textFault,
  }
}

async function take(taken: Taken, codec: TextCodec): Promise<Result<IntakeAccepted, IntakeFault>> {
  const { tenant, sender, reception, url, body, connection } = taken
  const query = queryOf(url)
  const names: JsonLineNames = {
    message: listOf(query.get('_msg_field')),
    time: listOf(query.get('_time_field')),
    stream: listOf(query.get('_stream_fields')),
  }
  const read = await codec.readJsonLines(body.body, body.bodyLength, names)
  if (!read.ok) return read
  const parts: IntakeAccepted[] = [{ items: 0, histograms: 0, exemplars: 0, refused: read.value.refused, warnings: [] }]
  for (const push of read.value.pushes) {
    const outcome = await reception.submit({
      tenant,
      sender,
      receiver: RECEIVER,
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
