import { formatInstant, formatMs } from '@vantage/charts'
import { GitCompareArrows } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { client } from '../app/client.ts'
import { navigatePath, useSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Popover } from '../parts/popover.tsx'
import { timeStateOf } from '../time/time-store.ts'
import { nameAt, serviceAt, type TraceView } from './trace-view.ts'
import { quotedText } from './traceql.ts'

const OTHERS_MAX = 12
/** Traces of the same kind are looked for this long before and after. */
const MARGIN_MS = 3_600_000
const TRACE_ID = /^[0-9a-f]{1,32}$/i

/** Chooses the trace that this one is held against: another of the same root, or any by its id. */
export function CompareMenu({ view }: { readonly view: TraceView }) {
  return (
    <Popover
      label="Compare with another trace"
      kind="dialog"
      panelClass="compare-menu"
      trigger={
        <>
          <GitCompareArrows className="icon" aria-hidden="true" />
          Compare
        </>
      }
    >
      {(close) => <Others view={view} close={close} />}
    </Popover>
  )
}

function Others({ view, close }: { readonly view: TraceView; readonly close: () => void }) {
  const { columns, root } = view
  const { zone } = timeStateOf(useSearch())
  const [id, setId] = useState('')
  const startMs = Number(columns.startNs / 1_000_000n)
  const of = root === undefined ? undefined : { service: serviceAt(columns, root), name: nameAt(columns, root) }
  const query = `{ trace:rootService = ${quotedText(of?.service ?? '')} && trace:rootName = ${quotedText(of?.name ?? '')} }`
  const asked = useAsked(of === undefined ? undefined : query, (signal) =>
    client.searchTraces(query, startMs - MARGIN_MS, startMs + MARGIN_MS, OTHERS_MAX + 1, signal),
  )
  const others = asked.answer?.filter((one) => one.traceId !== columns.traceId).slice(0, OTHERS_MAX)
  const open = (other: string) => {
    close()
    navigatePath(`/trace/${columns.traceId}/compare/${other}`)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (TRACE_ID.test(id.trim())) open(id.trim().toLowerCase())
  }
  return (
    <>
      <form className="compare-form" onSubmit={submit}>
        <label className="field">
          <span className="visually-hidden">Trace id</span>
          <input
            className="code"
            data-autofocus
            value={id}
            placeholder="Trace id"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setId(event.target.value)}
          />
        </label>
        <button type="submit" className="button" disabled={!TRACE_ID.test(id.trim())}>
          Compare
        </button>
      </form>
      <p className="compare-note">
        {others === undefined
          ? (asked.fault?.message ?? 'Looking for traces of the same root …')
          : others.length === 0
            ? 'No other trace of this root within an hour.'
            : 'The newest of the same root within an hour:'}
      </p>
      {others?.map((other) => (
        <button key={other.traceId} type="button" className="menu-item" onClick={() => open(other.traceId)}>
          {formatMs(other.durationMs)}
          <span className="aside">{formatInstant(Number(other.startNs / 1_000_000n), zone).slice(5, 19)}</span>
        </button>
      ))}
    </>
  )
}
