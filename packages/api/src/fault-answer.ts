import { type Fault, STATUS } from '@vantage/model'
import { type ApiAnswer, type FaultStyle, json } from './route.ts'

/** `errorType` of the Prometheus API. Source: prometheus/prometheus web/api/v1/api.go, errorNum and status codes. */
function errorType(fault: Fault): string {
  switch (fault.code) {
    case 'timeout':
      return 'timeout'
    case 'cancelled':
      return 'canceled'
    case 'unprocessable':
      return 'execution'
    case 'internal':
      return 'internal'
    case 'unavailable':
    case 'too_many':
      return 'unavailable'
    case 'not_found':
      return 'not_found'
    default:
      return 'bad_data'
  }
}

/** One fault as the face of the route says it. The Prometheus API answers a passed deadline with 503. */
export function faultAnswer(fault: Fault, style: FaultStyle, requestId: string): ApiAnswer {
  const status = STATUS[fault.code].http
  if (style === 'prometheus') {
    const shown = fault.code === 'timeout' ? STATUS.unavailable.http : status
    return json({ status: 'error', errorType: errorType(fault), error: fault.message }, shown)
  }
  if (style === 'text') return { status, contentType: 'text/plain; charset=utf-8', body: fault.message }
  if (style === 'jaeger') return json({ data: null, errors: [{ code: status, msg: fault.message }] }, status)
  const { code, message, reason, limit } = fault
  return json({ error: { code, message, reason, limit, requestId } }, status)
}
