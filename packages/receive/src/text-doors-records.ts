import { type Fault, type PayloadFormat, type Result, STATUS } from '@vantage/model'
import type { BodyForm } from './admission.ts'
import type { Signal } from './signal.ts'
import { refusalText, textAnswer, textFault } from './text-doors-forms.ts'
import type { TextDoor } from './text-doors-visit.ts'

/** Until a stream that was too fast may send again. */
const RATE_RETRY_SECONDS = 1

export interface RecordDoorOptions {
  readonly signal: Exclude<Signal, 'metrics'>
  readonly receiver: string
  readonly paths: readonly string[]
  /** Other methods of its paths are somebody else's. */
  readonly isShared?: true
  /** The status where everything was taken. */
  readonly takenStatus: number
  readonly readForm: (contentType: string | undefined, contentEncoding: string | undefined) => Result<BodyForm, Fault>
  readonly formatOf: (contentType: string | undefined) => PayloadFormat
}

/** A door for logs or spans whose body is logged as it came. */
export function recordDoor({ signal, takenStatus, formatOf, ...door }: RecordDoorOptions): TextDoor {
  const items = signal === 'logs' ? 'lines' : 'spans'
  return {
    ...door,
    signal,
    methods: ['POST'],
    take: ({ tenant, sender, reception, contentType, body, connection }) => {
      const format = formatOf(contentType)
      return reception.submit({ tenant, sender, receiver: door.receiver, format, ...body, connection })
    },
    accepted: (outcome) => {
      const refused = refusalText(outcome)
      if (refused === '') return { status: takenStatus, headers: {}, body: '' }
      const text = `some ${items} were refused, the others are stored: ${refused}`
      // Too fast, and nothing else is wrong: sent again, what is stored is known, and the rest is taken.
      if (outcome.refused.every(({ reason }) => reason === 'tenant_rate')) {
        return textAnswer(STATUS.too_many.http, text, { 'retry-after': String(RATE_RETRY_SECONDS) })
      }
      // 400: clients log it and do not send the items again; the good ones are stored.
      return textAnswer(STATUS.bad_request.http, text)
    },
    refused: textFault,
  }
}
