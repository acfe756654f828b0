import type { MetricType } from '@vantage/model'

/** One figure of the host, under node_exporter's name, so that its dashboards work. */
export interface HostSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly type: MetricType
  readonly help: string
}

/** What a table of figures says of each: name, type, help. */
export interface Figure {
  readonly name: string
  readonly type: MetricType
  readonly help: string
}

export const counter = (name: string, help: string): Figure => ({ name, type: 'counter', help })
export const gauge = (name: string, help: string): Figure => ({ name, type: 'gauge', help })

const NO_LABELS: Readonly<Record<string, string>> = {}

/** Appends a sample; text that was no number gives none. */
export function addSample(
  out: HostSample[],
  figure: Figure,
  value: number,
  labels: Readonly<Record<string, string>> = NO_LABELS,
): void {
  if (Number.isFinite(value)) out.push({ ...figure, labels, value })
}

/** Fields of a line that is split by blanks. */
export function words(line: string): string[] {
  return line.trim().split(/\s+/)
}

/** Device names and mount points of one kind that are reported; a host with more is reported in part. */
export const DEVICES_MAX = 64
