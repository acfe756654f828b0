import { foreign, type ItemReason, type LabelsOutcome, METRIC_NAME } from '@vantage/model'
import type { LabelLimits } from './limits.ts'

function refuse(reason: ItemReason, message: string): LabelsOutcome {
  return { ok: false, reason, message }
}

/**
 * Turns label pairs as they came (any order, empty values possible) into a label set: sorted, without empty
 * values, checked. The same for every door.
 * @param pairs name, value, name, value …; valid UTF-16 from valid UTF-8
 */
export function canonicalLabels(pairs: readonly string[], limits: LabelLimits): LabelsOutcome {
  const names: number[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string
    if (name === '') return refuse('empty_label_name', `label name is empty, its value is ${quoted(pairs[i + 1])}`)
    if (isLonger(name, limits.maxLabelNameBytes)) {
      return refuse(
        'label_name_too_long',
        `label ${quoted(name)}: want a name of at most ${limits.maxLabelNameBytes} bytes (limits.maxLabelNameBytes)`,
      )
    }
    if (isLonger(pairs[i + 1] as string, limits.maxLabelValueBytes)) {
      return refuse(
        'label_value_too_long',
        `label ${quoted(name)}: want a value of at most ${limits.maxLabelValueBytes} bytes (limits.maxLabelValueBytes)`,
      )
    }
    names.push(i)
  }
  names.sort((a, b) =>
    (pairs[a] as string) < (pairs[b] as string) ? -1 : (pairs[a] as string) > (pairs[b] as string) ? 1 : a - b,
  )
  const labels: string[] = []
  let previous = ''
  let hasName = false
  for (const at of names) {
    const name = pairs[at] as string
    const value = pairs[at + 1] as string
    if (name === previous) return refuse('duplicate_label', `label ${quoted(name)} occurs twice`)
    previous = name
    if (value === '') continue
    if (name === METRIC_NAME) hasName = true
    labels.push(name, value)
  }
  if (!hasName) return refuse('missing_name', `want a label ${METRIC_NAME}`)
  // The name itself is no label that anyone counts.
  if (labels.length / 2 - 1 > limits.maxLabels) {
    return refuse(
      'too_many_labels',
      `want at most ${limits.maxLabels} labels (limits.maxLabels), got ${labels.length / 2 - 1}`,
    )
  }
  return { ok: true, labels }
}

function quoted(text: string | undefined): string {
  return JSON.stringify(foreign(text ?? ''))
}

/** Bytes are at least the characters and at most three times as many: most texts need no count. */
function isLonger(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false
  if (text.length > maxBytes) return true
  return Buffer.byteLength(text) > maxBytes
}
