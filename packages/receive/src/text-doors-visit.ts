import type { Result, TenantId } from '@vantage/model'
import type { Admitted } from './admission.ts'
import type { ReadBody } from './body.ts'
import type { Answer } from './http-answers.ts'
import { type HttpDoor, HttpVisit } from './http-visit.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { Reception } from './reception.ts'

/** A request that passed steps 1–9, as a door takes it. */
export interface Taken {
  readonly tenant: TenantId
  readonly sender: string
  readonly reception: Reception
  readonly method: string
  /** As sent, `/path?query`. */
  readonly url: string
  readonly contentType: string | undefined
  readonly body: ReadBody
  readonly connection: object
}

/** A family of paths with one way to take bodies and to answer. */
export interface TextDoor extends HttpDoor {
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[]
  /** Other methods of its paths are somebody else's; otherwise they are refused here. */
  readonly isShared?: true
  /** Steps 10–13. */
  readonly take: (taken: Taken) => Promise<Result<IntakeAccepted, IntakeFault>>
  readonly accepted: (outcome: IntakeAccepted, method: string, url: string) => Answer
  readonly refused: (problem: IntakeFault) => Answer
}

/** A request at a text door. */
export class TextVisit extends HttpVisit<TextDoor> {
  protected get isMethodAllowed(): boolean {
    return (this.door.methods as readonly string[]).includes(this.request.method)
  }

  protected take({ tenant, sender }: Admitted, body: ReadBody): Promise<Result<IntakeAccepted, IntakeFault>> {
    const { headers, method, raw } = this.request
    const contentType = headers['content-type']
    const { reception } = this
    return this.door.take({
      ...{ tenant, sender, reception, method, contentType, body },
      url: raw.url ?? '',
      connection: raw.socket,
    })
  }

  protected accepted(outcome: IntakeAccepted): Answer {
    const { method, raw } = this.request
    return this.door.accepted(outcome, method, raw.url ?? '')
  }

  protected refused(problem: IntakeFault): Answer {
    const { methods } = this.door
    if (problem.code !== 'wrong_method') return this.door.refused(problem)
    const answer = this.door.refused({ ...problem, message: `want ${methods.join(' or ')}` })
    return { ...answer, headers: { ...answer.headers, allow: methods.join(', ') } }
  }
}
