import { SpanKind } from '@opentelemetry/api'
import { isActive } from './faults.ts'
import { HttpError, inSpan, runService, takeTime } from './service.ts'

const DECLINE_SHARE = 0.5
const PROVIDERS = ['acme-pay', 'bank-direct'] as const

/** Charges cards with one of two providers. */
runService('payments', {
  'POST /charges': async ({ body, span }) => {
    const provider = PROVIDERS[Math.random() < 0.5 ? 0 : 1]
    span.setAttributes({ 'payment.provider': provider, 'payment.cents': Number(body['cents'] ?? 0) })
    const attributes = { 'server.address': `${provider}.example`, 'http.request.method': 'POST' }
    await inSpan(`POST ${provider}`, SpanKind.CLIENT, attributes, async () => {
      await takeTime(30)
      const isDeclined = isActive('error-burst') && provider === 'acme-pay' && Math.random() < DECLINE_SHARE
      if (isDeclined) throw new HttpError(503, `${provider} declined the card: gateway timeout`)
    })
    return { paid: true }
  },
})
