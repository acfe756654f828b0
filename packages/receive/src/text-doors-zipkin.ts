import { err, type Fault, fault, foreign, ok, PAYLOAD_FORMATS, type Result, STATUS } from '@vantage/model'
import type { BodyForm } from './admission.ts'
import { refusalText, textAnswer, textFault, textForm } from './text-doors-forms.ts'
import type { TextDoor } from './text-doors-visit.ts'

const RECEIVER = 'zipkin'

/** `POST /api/v2/spans`, JSON or protobuf. Source: openzipkin/zipkin-api zipkin2-api.yaml. */
export const ZIPKIN_DOOR: TextDoor = {
  signal: 'traces',
  receiver: RECEIVER,
  paths: ['/api/v2/spans', '/zipkin/api/v2/spans'],
  methods: ['POST'],
  isShared: true,
  readForm: zipkinForm,
  take: ({ tenant, sender, reception, contentType, body, connection }) => {
    const format = isProtobuf(contentType) ? PAYLOAD_FORMATS.zipkinProtobuf : PAYLOAD_FORMATS.zipkinJson
    return reception.submit({ tenant, sender, receiver: RECEIVER, format, ...body, connection })
  },
  accepted: (outcome) => {
    const refused = refusalText(outcome)
    return refused === ''
      ? { status: 202, headers: {}, body: '' }
      : textAnswer(STATUS.bad_request.http, `some spans were refused, the others are stored: ${refused}`)
  },
  refused: textFault,
}

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
