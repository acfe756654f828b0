import { type Fault, FaultError, fault } from '@vantage/model'

/** A fault with its place in the query text, as offsets in UTF-16 units; `endOffset` is exclusive. */
export interface LogqlFault extends Fault {
  readonly startOffset: number
  readonly endOffset: number
}

export interface Span {
  readonly startOffset: number
  readonly endOffset: number
}

/** Carries a parse fault through the parser's frames; caught in `parseLogql`. */
export class ParseFault extends Error {
  readonly fault: LogqlFault

  constructor(text: string, message: string, span: Span) {
    super(message)
    this.name = 'ParseFault'
    const before = text.slice(0, span.startOffset)
    const line = before.split('\n').length
    const column = span.startOffset - before.lastIndexOf('\n')
    this.fault = {
      ...fault('bad_request', `parse error at line ${line}, col ${column}: ${message}`, { reason: 'bad_data' }),
      startOffset: span.startOffset,
      endOffset: span.endOffset,
    }
  }
}

/** A query that parsed but cannot be evaluated, as it is or on this data. Caught in `evaluateLogql`. */
export function executionFault(message: string): FaultError {
  return new FaultError(fault('bad_request', message, { reason: 'execution' }))
}

/** @param limit its configuration key, where it has one */
export function limitFault(message: string, limit?: string): FaultError {
  return new FaultError(
    fault('bad_request', message, { reason: 'bad_data', ...(limit === undefined ? {} : { limit }) }),
  )
}
