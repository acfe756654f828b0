import type { QueryBudget, SpanBlock } from '@vantage/model'
import { SpanView } from '../traceql/evaluate/span-view.ts'
import { eventText, ServiceNames } from './span-facts.ts'

/** Exceptions of one service that are alike: the same type at the same place, with messages that differ in numbers. */
export interface ExceptionGroup {
  readonly service: string
  /** `exception.type`. */
  readonly type: string
  /** Of the newest. */
  readonly message: string
  readonly stacktrace: string
  readonly traceId: string
  readonly spanId: string
  readonly operation: string
  readonly count: number
  readonly firstNs: bigint
  readonly lastNs: bigint
}

/** Groups told apart; exceptions beyond them are counted under their service with the type `other`. */
const GROUPS_MAX = 10_000
const OTHER = 'other'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Groups the exception events of spans. @returns the newest first
 * Source: OpenTelemetry semantic conventions, "Exceptions on spans".
 */
export function exceptionGroups(blocks: Iterable<SpanBlock>, budget: QueryBudget): ExceptionGroup[] {
  const groups = new Map<string, Mutable<ExceptionGroup>>()
  const names = new ServiceNames()
  const view = new SpanView()
  for (const { columns, rows, origins } of blocks) {
    budget.check()
    for (const row of rows) {
      if (columns.events.from[row] === columns.events.to[row]) continue
      view.moveTo(columns, origins, row)
      addEvents(groups, names.of(view.origin), view)
    }
  }
  return [...groups.values()].sort((a, b) => (a.lastNs < b.lastNs ? 1 : a.lastNs > b.lastNs ? -1 : 0))
}

function addEvents(groups: Map<string, Mutable<ExceptionGroup>>, service: string, span: SpanView): void {
  for (const event of span.events) {
    if (event.name !== 'exception') continue
    const type = eventText(event.attributes, 'exception.type')
    const message = eventText(event.attributes, 'exception.message')
    const stacktrace = eventText(event.attributes, 'exception.stacktrace')
    const isRoom = groups.size < GROUPS_MAX
    const key = [service, type, shapeOf(message), placeOf(stacktrace)].join('\n')
    const found = groups.get(key) ?? (isRoom ? undefined : groups.get(`${service}\n${OTHER}`))
    const time = event.timeUnixNs === 0n ? span.startNs : event.timeUnixNs
    const newest = { message, stacktrace, traceId: span.traceId, spanId: span.spanId, operation: span.name }
    if (found === undefined) {
      const shown = isRoom ? type : OTHER
      groups.set(isRoom ? key : `${service}\n${OTHER}`, {
        service,
        type: shown,
        ...newest,
        count: 1,
        firstNs: time,
        lastNs: time,
      })
      continue
    }
    found.count++
    if (time < found.firstNs) found.firstNs = time
    if (time < found.lastNs) continue
    found.lastNs = time
    Object.assign(found, newest)
  }
}

const MESSAGE_CHARS_MAX = 200

/** A message with its numbers, ids and quoted parts left out. */
function shapeOf(message: string): string {
  return message.slice(0, MESSAGE_CHARS_MAX).replaceAll(/"[^"]*"|'[^']*'|\b[0-9a-fA-F-]{8,}\b|\d+/g, '#')
}

/** The innermost frame: the first line of a stack trace that names a place, without its numbers. */
function placeOf(stacktrace: string): string {
  const lines = stacktrace.slice(0, 16 * 1024).split('\n')
  const frame = lines.find((line) => /^\s*(at |File "|goroutine |\S+\()/.test(line)) ?? ''
  return frame.trim().replaceAll(/\d+/g, '#')
}
