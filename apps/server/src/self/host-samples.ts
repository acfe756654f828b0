import type { Clock } from '@vantage/model'
import type { HostSample } from './self-report.ts'

/** Filled by the host collector of the receive package. */
export function collectHostSamples(_clock: Clock): () => readonly HostSample[] {
  return () => []
}
