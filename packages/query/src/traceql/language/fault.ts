import { type Fault, fault } from '@vantage/model'

/** Which gate refused a query: its text, its types, or this product. */
export type Refused = 'syntax' | 'validation' | 'unsupported'

/** Carries a refusal through the parser and the checker; caught at their doors. */
export class TraceqlRefusal extends Error {
  readonly refused: Refused

  constructor(refused: Refused, message: string) {
    super(message)
    this.name = 'TraceqlRefusal'
    this.refused = refused
  }

  /** `reason` of the fault is the gate. */
  toFault(): Fault {
    return fault('bad_request', `TraceQL: ${this.message}`, { reason: this.refused })
  }
}

export function syntaxRefusal(offset: number, message: string): TraceqlRefusal {
  return new TraceqlRefusal('syntax', `${message} at offset ${offset}`)
}
