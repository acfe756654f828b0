import { err, fault, ok, PAYLOAD_FORMATS, type Result } from '@vantage/model'
import type { BodyForm } from './admission.ts'
import type { IntakeFault } from './intake.ts'
import { textForm } from './text-doors-forms.ts'
import { recordDoor } from './text-doors-records.ts'

/** `POST /loki/api/v1/push`. Source: grafana/loki docs, HTTP API, "Ingest logs". */
export const LOKI_DOOR = recordDoor({
  signal: 'logs',
  receiver: 'loki-push',
  paths: ['/loki/api/v1/push'],
  takenStatus: 204,
  readForm: lokiForm,
  formatOf: (contentType) => (isJson(contentType) ? PAYLOAD_FORMATS.lokiPushJson : PAYLOAD_FORMATS.lokiPushSnappy),
})

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
