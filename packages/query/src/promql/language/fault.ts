import { type Code, type Fault, type FaultDetail, FaultError, fault } from '@vantage/model'

/** A fault with its place in the query text, as offsets in UTF-16 units; `endOffset` is exclusive. */
export interface PromqlFault extends Fault {
  readonly startOffset: number
  readonly endOffset: number
}

export interface Span {
  readonly startOffset: number
  readonly endOffset: number
}

/** `1:8`: line and column of an offset, both from 1, columns in UTF-16 units. */
export function lineColumn(text: string, offset: number): string {
  let line = 1
  let lineStart = 0
  for (let i = 0; i < offset && i < text.length; i++) {
    if (text.charCodeAt(i) === 10) {
      line++
      lineStart = i + 1
    }
  }
  return `${line}:${offset - lineStart + 1}`
}

/** Carries a parse fault through the parser's frames; caught in `parsePromql`. */
export class ParseFault extends Error {
  readonly fault: PromqlFault
  constructor(text: string, message: string, span: Span) {
    super(message)
    this.name = 'ParseFault'
    const place = lineColumn(text, span.startOffset)
    this.fault = {
      ...fault('bad_request', `${place}: parse error: ${message}`, { reason: 'bad_data' }),
      startOffset: span.startOffset,
      endOffset: span.endOffset,
    }
  }
}

/** A query that parsed but cannot be evaluated on this data. Caught in `evaluatePromql`. */
export function executionFault(message: string): FaultError {
  return new FaultError(fault('unprocessable', message, { reason: 'execution' }))
}

export function limitFault(message: string, limit: string, code: Code = 'bad_request'): FaultError {
  const detail: FaultDetail = { reason: code === 'bad_request' ? 'bad_data' : 'execution', limit }
  return new FaultError(fault(code, message, detail))
}
