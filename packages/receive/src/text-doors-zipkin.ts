import { err, type Fault, fault, foreign, ok, PAYLOAD_FORMATS, type Result } from '@vantage/model'
import type { BodyForm } from './admission.ts'
import { textForm } from './text-doors-forms.ts'
import { recordDoor } from './text-doors-records.ts'

/**
 * `POST /api/v2/spans`, JSON or protobuf, and `POST /api/v1/spans`, JSON. Source: openzipkin/zipkin-api zipkin2-api.yaml,
 * zipkin-api.yaml.
 */
export const ZIPKIN_DOOR = recordDoor({
  signal: 'traces',
  receiver: 'zipkin',
  paths: ['/api/v2/spans', '/zipkin/api/v2/spans', '/api/v1/spans', '/zipkin/api/v1/spans'],
  isShared: true,
  takenStatus: 202,
  readForm: zipkinForm,
  formatOf: (contentType) => (isProtobuf(contentType) ? PAYLOAD_FORMATS.zipkinProtobuf : PAYLOAD_FORMATS.zipkinJson),
})

/** Clients that name no type send JSON. */
function zipkinForm(contentType: string | undefined, contentEncoding: string | undefined): Result<BodyForm, Fault> {
  if (/^\s*application\/(?:x-)?thrift\b/i.test(contentType ?? '')) {
    const got = JSON.stringify(foreign(contentType ?? ''))
    return err(fault('unsupported', `content type: want application/json or application/x-protobuf, got ${got}`))
  }
  const form = textForm('application/json', contentEncoding)
  return form.ok && isProtobuf(contentType) ? ok({ ...form.value, kind: 'protobuf' }) : form
}

function isProtobuf(contentType: string | undefined): boolean {
  return /^\s*application\/(?:x-)?protobuf\b/i.test(contentType ?? '')
}
