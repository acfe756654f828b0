import type { LabelRecord } from '@vantage/api/client'
import { shownText } from '@vantage/charts'
import { formatLabels, labelsFromRecord, labelsKey, METRIC_NAME } from '@vantage/model'

/** Longest label of a series on the page; the title shows the whole. */
const LABEL_MAX_CHARS = 500

/** Up to so many differing labels, their values alone tell the series apart: `web-0 · /login`. */
const VALUES_ONLY_MAX = 3

/** A short name of a label set for the URL and for colours: 16 hexadecimal digits, stable for ever. */
export function seriesKey(labels: LabelRecord, prefix: string): string {
  const text = prefix + labelsKey(labelsFromRecord(labels))
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(b ^ unit, 0x85ebca6b)
    b = (b << 13) | (b >>> 19)
  }
  return hex(a) + hex(b)
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}

/** Fills `{{label}}` of a legend format; an absent label is empty. */
export function formatLegend(format: string, labels: LabelRecord): string {
  const filled = format.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (_, name: string) => labels[name] ?? '')
  return cut(filled.trim() === '' ? fullLabel(labels) : filled)
}

function fullLabel(labels: LabelRecord): string {
  const text = formatLabels(labelsFromRecord(labels))
  return text === '' || text === '{}' ? 'value' : text
}

/** Names by what tells the series apart: labels that all of them share are left out, one series keeps its name. */
export function shortLabels(all: readonly LabelRecord[]): string[] {
  if (all.length === 1) return [cut(fullLabel(all[0] as LabelRecord))]
  const names = new Set(all.flatMap((labels) => Object.keys(labels)))
  const differing = [...names].filter((name) => new Set(all.map((labels) => labels[name] ?? '')).size > 1).sort()
  return all.map((labels) => {
    const metric = differing.includes(METRIC_NAME) ? (labels[METRIC_NAME] ?? '') : ''
    const rest = differing.filter((name) => name !== METRIC_NAME && (labels[name] ?? '') !== '')
    const isShort = rest.length <= VALUES_ONLY_MAX
    const parts = rest.map((name) => (isShort ? labels[name] : `${name}=${labels[name]}`))
    const text = [metric, ...parts].filter(Boolean).join(isShort ? ' · ' : ' ')
    return text === '' ? cut(fullLabel(labels)) : cut(text)
  })
}

function cut(text: string): string {
  return shownText(text.length <= LABEL_MAX_CHARS ? text : `${text.slice(0, LABEL_MAX_CHARS)}…`)
}
