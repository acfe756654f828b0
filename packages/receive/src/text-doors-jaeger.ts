import { err, type Fault, fault, foreign, PAYLOAD_FORMATS, type Result } from '@vantage/model'
import type { BodyForm } from './admission.ts'
import { textForm } from './text-doors-forms.ts'
import { recordDoor } from './text-doors-records.ts'

const THRIFT = /^\s*application\/(?:x-thrift|vnd\.apache\.thrift\.binary)\s*(?:;|$)/i

/** `POST /api/traces`, a batch in Thrift's binary protocol. Source: Jaeger docs, APIs, "Thrift over HTTP". */
export const JAEGER_DOOR = recordDoor({
  signal: 'traces',
  receiver: 'jaeger-thrift',
  paths: ['/api/traces', '/jaeger/api/traces'],
  isShared: true,
  takenStatus: 202,
  readForm: thriftForm,
  formatOf: () => PAYLOAD_FORMATS.jaegerThrift,
})

function thriftForm(contentType: string | undefined, contentEncoding: string | undefined): Result<BodyForm, Fault> {
  if (THRIFT.test(contentType ?? '')) return textForm('application/x-thrift', contentEncoding)
  const got = contentType === undefined ? 'none' : JSON.stringify(foreign(contentType))
  return err(
    fault('unsupported', `content type: want application/x-thrift or application/vnd.apache.thrift.binary, got ${got}`),
  )
}
