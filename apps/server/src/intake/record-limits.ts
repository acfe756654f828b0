import type { PushLimits } from '@vantage/decode/loki'
import type { Config } from '../config/schema.ts'

/** Limits of log rows and spans, as the configuration has them. */
export function recordLimits({ limits }: Config): PushLimits {
  const { maxAttributes, maxAttributeBytes, maxLineBytes, maxLabelNameBytes, maxLabelValueBytes } = limits
  const streamLabels = { maxLabels: limits.maxStreamLabels, maxLabelNameBytes, maxLabelValueBytes }
  return { maxAttributes, maxAttributeBytes, maxLineBytes, streamLabels }
}
