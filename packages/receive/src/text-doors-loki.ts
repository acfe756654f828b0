import { err, fault, ok, PAYLOAD_FORMATS, type Result, STATUS } from '@vantage/model'
import type { BodyForm } from './admission.ts'
import type { IntakeFault } from './intake.ts'
import { refusalText, textAnswer, textFault, textForm } from './text-doors-forms.ts'
import type { TextDoor } from './text-doors-visit.ts'

const RECEIVER = 'loki-push'

/** `POST /loki/api/v1/push`. Source: grafana/loki docs, HTTP API, "Ingest logs". */
export const LOKI_DOOR: TextDoor = {
  signal: 'logs',
  receiver: RECEIVER,
  paths: ['/loki/api/v1/push'],
  methods: ['POST'],
  readForm: lokiForm,
  take: ({ tenant, sender, reception, contentType, body, connection }) => {
    const format = isJson(contentType) ? PAYLOAD_FORMATS.lokiPushJson : PAYLOAD_FORMATS.lokiPushSnappy
    return reception.submit({ tenant, sender, receiver: RECEIVER, format, ...body, connection })
  },
  accepted: (outcome) => {
    const refused = refusalText(outcome)
    // 400 and not 204: clients log it and do not send the lines again; the good ones are stored.
    return refused === ''
      ? { status: 204, headers: {}, body: '' }
      : textAnswer(STATUS.bad_request.http, `some lines were refused, the others are stored: ${refused}`)
  },
  refused: textFault,
}

/** JSON, plain or packed; else protobuf in one snappy block, which is what clients send that name no type. */
function lokiForm(contentType: string | undefined, contentEncoding: string | undefined): Result<BodyForm, IntakeFault> {
  if (isJson(contentType)) return textForm(contentType, contentEncoding)
  const encoding = (contentEncoding ?? 'snappy').trim().toLowerCase()
  if (contentType !== undefined && !/^\s*application\/x-protobuf\b/i.test(contentType)) {
    return err(fault('unsupported', 'content type: want application/json or application/x-protobuf'))
  }
  if (encoding !== 'snappy') return err(fault('unsupported', 'content encoding: want snappy for protobuf'))
  return ok({ kind: 'protobuf', packing: 'snappy' })
}

function isJson(contentType: string | undefined): boolean {
  return /^\s*application\/json\b/i.test(contentType ?? '')
}
