/** Numbers as the text of a label (`le`, `quantile`), in the two forms that senders and readers know. */

/** A double without an exponent, as Go's `FormatFloat(v, 'f', -1, 64)`; `+Inf` for infinity. */
export function plainNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const e = text.indexOf('e')
  if (e < 0) return text
  const sign = text.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = text.slice(sign.length, e).split('.')
  const exponent = Number(text.slice(e + 1))
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
  return `${sign}${whole}${fraction}${'0'.repeat(exponent - fraction.length)}`
}

/** Up to this exponent Go's shortest form is written without one. */
const PLAIN_EXPONENT_MIN = -4
const PLAIN_EXPONENT_MAX = 5

/**
 * A bound or quantile as a label's value: Go's shortest form (`%g`), with `.0` where neither point nor exponent is in
 * it: 1 → `1.0`, 1e6 → `1e+06`, +Inf. So a series has the same labels whether it comes in this exposition or in
 * OpenMetrics. Source: prometheus/docs docs/specs/om/open_metrics_spec.md, "Considerations: Canonical Numbers".
 */
export function labelNumberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (value === 0) return '0.0'
  const [digits = '', exponentText = ''] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < PLAIN_EXPONENT_MIN || exponent > PLAIN_EXPONENT_MAX) {
    const size = String(Math.abs(exponent)).padStart(2, '0')
    return `${digits}e${exponent < 0 ? '-' : '+'}${size}`
  }
  const plain = String(value)
  return plain.includes('.') ? plain : `${plain}.0`
}
