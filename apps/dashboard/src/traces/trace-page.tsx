import type { TraceSpan } from '@vantage/api/client'
import { formatInstant, formatValue, PLAIN, type Zone } from '@vantage/charts'
import { SPAN_KINDS } from '@vantage/model'
import { ChevronDown, ChevronRight, Copy } from 'lucide-react'
import { type CSSProperties, type KeyboardEvent, useMemo, useState } from 'react'
import { client } from '../app/client.ts'
import { navigateSearch, usePath, useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { copyText } from '../app/toast.tsx'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Notice } from '../parts/notice.tsx'
import { timeStateOf } from '../time/time-store.ts'
import { SpanDrawer } from './span-drawer.tsx'
import {
  durationMsOf,
  durationText,
  serviceSlot,
  type TraceModel,
  traceModel,
  visibleRows,
  type WaterfallRow,
} from './trace-model.ts'

/** Rows that are drawn; a trace that has more says so. */
const ROWS_MAX = 2_000
const NO_SPANS: readonly TraceSpan[] = []

/** One trace: its spans as a waterfall, and everything about the selected one. */
export default function TracePage() {
  const traceId = usePath().split('/')[2] ?? ''
  const search = useSearch()
  const { zone } = timeStateOf(search)
  const asked = useAsked(traceId, (signal) => client.trace(traceId, signal))
  const model = useMemo(() => traceModel(asked.answer ?? NO_SPANS), [asked.answer])
  const selectedId = search.get('span') ?? ''
  const selected = model.rows.find((row) => row.span.spanId === selectedId)
  useErrorKeys(model, selectedId)
  if (asked.fault !== undefined) {
    const isMissing = asked.fault.status === 404
    return (
      <Notice kind={isMissing ? 'warning' : 'critical'}>
        {isMissing
          ? `No span of trace ${traceId} is stored. It may not have arrived yet, or be older than the retention.`
          : asked.fault.message}
      </Notice>
    )
  }
  if (asked.answer === undefined) return <div className="skeleton page-skeleton" aria-busy="true" />
  return (
    <div className="trace" data-drawer={selected !== undefined}>
      <TraceHead model={model} traceId={traceId} zone={zone} />
      <Waterfall model={model} selectedId={selectedId} />
      {selected !== undefined && <SpanDrawer row={selected} startNs={model.startNs} zone={zone} />}
    </div>
  )
}

function TraceHead({
  model,
  traceId,
  zone,
}: {
  readonly model: TraceModel
  readonly traceId: string
  readonly zone: Zone
}) {
  return (
    <header className="trace-head">
      <h1>
        {model.root?.service ?? 'Trace'} <span className="trace-name">{model.root?.name}</span>
      </h1>
      <ul className="trace-facts">
        <li>
          <strong>{durationText(model.durationMs)}</strong> in all
        </li>
        <li>{formatInstant(Number(model.startNs / 1_000_000n), zone)}</li>
        <li>{formatValue(model.rows.length, PLAIN)} spans</li>
        <li>{model.services.length} services</li>
        <li>{model.errors === 0 ? 'no errors' : <span className="badge critical">{model.errors} errors</span>}</li>
        <li>
          <button type="button" className="button small quiet" onClick={() => copyText(traceId, 'Trace id')}>
            <Copy className="icon" aria-hidden="true" />
            <span className="code">{traceId}</span>
          </button>
        </li>
      </ul>
    </header>
  )
}

function Waterfall({ model, selectedId }: { readonly model: TraceModel; readonly selectedId: string }) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const rows = useMemo(() => visibleRows(model.rows, folded), [model.rows, folded])
  const fold = (spanId: string) => {
    const next = new Set(folded)
    if (!next.delete(spanId)) next.add(spanId)
    setFolded(next)
  }
  return (
    <section className="card waterfall" aria-label="Spans">
      {rows.length > ROWS_MAX && (
        <Notice kind="warning">
          The first {formatValue(ROWS_MAX, PLAIN)} of {formatValue(rows.length, PLAIN)} spans; fold subtrees to see the
          others.
        </Notice>
      )}
      <div className="waterfall-axis" aria-hidden="true">
        <span />
        <span className="ticks">
          {[0, 0.25, 0.5, 0.75].map((share) => (
            <span key={share}>{durationText(model.durationMs * share)}</span>
          ))}
        </span>
      </div>
      <ol>
        {rows.slice(0, ROWS_MAX).map((row) => (
          <Row
            key={row.span.spanId}
            row={row}
            isSelected={row.span.spanId === selectedId}
            isFolded={folded.has(row.span.spanId)}
            onFold={fold}
          />
        ))}
      </ol>
    </section>
  )
}

interface RowProps {
  readonly row: WaterfallRow
  readonly isSelected: boolean
  readonly isFolded: boolean
  readonly onFold: (spanId: string) => void
}

function Row({ row, isSelected, isFolded, onFold }: RowProps) {
  const { span, depth, descendants, left, width } = row
  const Fold = isFolded ? ChevronRight : ChevronDown
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (descendants === 0 || (event.key === 'ArrowRight') !== isFolded) return
    if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
    event.preventDefault()
    onFold(span.spanId)
  }
  const label = `${span.service} ${span.name}, ${SPAN_KINDS[span.kind] ?? ''}, ${durationText(durationMsOf(span))}${span.isError ? ', failed' : ''}`
  return (
    <li className="waterfall-row" data-selected={isSelected} data-failed={span.isError}>
      <div className="waterfall-label" style={{ paddingLeft: `${Math.min(depth, 20) * 14 + 4}px` }}>
        {descendants > 0 ? (
          <button
            type="button"
            className="button quiet icon-only small"
            aria-expanded={!isFolded}
            aria-label={`${descendants} spans below ${span.name}`}
            onClick={() => onFold(span.spanId)}
          >
            <Fold className="icon" />
          </button>
        ) : (
          <span className="waterfall-leaf" />
        )}
        <span className="service-mark" data-slot={serviceSlot(span.service)} aria-hidden="true" />
        <span className="waterfall-service">{span.service}</span>
        <span className="waterfall-name">{span.name}</span>
      </div>
      <button
        type="button"
        className="waterfall-track"
        aria-label={label}
        aria-pressed={isSelected}
        onKeyDown={onKeyDown}
        onClick={() => navigateSearch({ span: isSelected ? null : span.spanId }, { replace: true })}
      >
        <span
          className="waterfall-bar"
          data-slot={serviceSlot(span.service)}
          style={{ left: `${left * 100}%`, width: `max(2px, ${width * 100}%)` }}
        />
        <span className="waterfall-time" data-side={sideOf(left, width)} style={timePlace(left, width)}>
          {durationText(durationMsOf(span))}
        </span>
      </button>
    </li>
  )
}

type Side = 'right' | 'left' | 'inside'

/** Behind the bar where there is room, else before it, else on it. */
function sideOf(left: number, width: number): Side {
  if (left + width <= 0.8) return 'right'
  return left >= 0.2 ? 'left' : 'inside'
}

function timePlace(left: number, width: number): CSSProperties {
  const side = sideOf(left, width)
  if (side === 'right') return { left: `${(left + width) * 100}%` }
  return { right: side === 'left' ? `${(1 - left) * 100}%` : '6px' }
}

/** `n` and Shift+`n` go from one failed span to the next; Escape closes the drawer. */
function useErrorKeys(model: TraceModel, selectedId: string): void {
  const shortcuts = useMemo<readonly Shortcut[]>(() => {
    const failed = model.rows.filter((row) => row.span.isError).map((row) => row.span.spanId)
    const step = (by: 1 | -1) => () => {
      if (failed.length === 0) return
      const at = failed.indexOf(selectedId)
      const next = at < 0 ? (by === 1 ? 0 : failed.length - 1) : (at + by + failed.length) % failed.length
      navigateSearch({ span: failed[next] as string }, { replace: true })
    }
    return [
      { keys: 'n', label: 'Next failed span', run: step(1) },
      { keys: 'shift+n', label: 'Previous failed span', run: step(-1) },
      { keys: 'Escape', label: 'Close the span', run: () => navigateSearch({ span: null }, { replace: true }) },
    ]
  }, [model, selectedId])
  useShortcuts(shortcuts)
}
