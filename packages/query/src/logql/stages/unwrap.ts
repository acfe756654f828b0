import type { Conversion } from '../language/plan.ts'
import { type Parsed, parseBytes, parseFloatText, parseGoDuration } from '../language/units.ts'
import type { Row } from './row.ts'

const EXTRACTION_ERROR = 'SampleExtractionErr'

const READERS: Readonly<Record<Conversion, (text: string) => Parsed<number>>> = {
  number: parseFloatText,
  duration: parseSeconds,
  duration_seconds: parseSeconds,
  bytes: parseBytes,
}

function parseSeconds(text: string): Parsed<number> {
  const parsed = parseGoDuration(text)
  return parsed.ok ? { ok: true, value: parsed.value / 1e9 } : parsed
}

/**
 * The number in a label. What cannot be converted counts as 0 and marks the row.
 * @returns undefined where the row has no such label
 */
export function unwrapValue(row: Row, label: string, conversion: Conversion, isPreserved: boolean): number | undefined {
  const text = row.get(label)
  if (text === undefined) return undefined
  const parsed = READERS[conversion](text)
  if (parsed.ok) return parsed.value
  row.fail(EXTRACTION_ERROR, parsed.message, isPreserved)
  return 0
}
