import { PAYLOAD_FORMATS, STATUS } from '@vantage/model'
import { refusalText, textAnswer, textFault, textForm } from './text-doors-forms.ts'
import type { TextDoor } from './text-doors-visit.ts'

const RECEIVER = 'zipkin'

/** `POST /api/v2/spans`, JSON. Source: openzipkin/zipkin-api zipkin2-api.yaml. */
export const ZIPKIN_DOOR: TextDoor = {
  signal: 'traces',
  receiver: RECEIVER,
  paths: ['/api/v2/spans', '/zipkin/api/v2/spans'],
  methods: ['POST'],
  isShared: true,
  readForm: textForm,
  take: ({ tenant, sender, reception, body, connection }) => {
    const format = PAYLOAD_FORMATS.zipkinJson
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
