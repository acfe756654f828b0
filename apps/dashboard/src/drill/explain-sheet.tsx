import { formatInstant, type TimeSpan, type Zone } from '@vantage/charts'
import { type FormEvent, useId, useMemo, useState } from 'react'
import { client } from '../app/client.ts'
import { navigateSearch, useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useRowKeys } from '../app/use-row-keys.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Choice } from '../parts/choice.tsx'
import { ClosableHead } from '../parts/drawer.tsx'
import { DifferenceRows } from '../services/difference-rows.tsx'
import { pageNowMs } from '../time/page-clock.ts'
import { useZone } from '../time/pane-time.ts'
import { parseTimeText } from '../time/parse-time-text.ts'
import { resolveChoice } from '../time/time-expression.ts'
import {
  AGAINST,
  type Against,
  type Explained,
  explainChange,
  explainedOf,
  NOTHING_EXPLAINED,
  questionOf,
} from './explain-url.ts'

const ROWS_MAX = 8
const AGAINST_NAMES: Readonly<Record<Against, string>> = {
  around: 'The time around',
  previous: 'The time before',
  rest: 'Others then',
}

/** What a region of a chart has that the time around it, the time before or the others have not. */
export default function ExplainSheet() {
  useRowKeys('.explain-sheet .difference-list li', '.explain-sheet')
  const search = useSearch()
  const explained = useMemo(() => explainedOf(search), [search])
  useShortcuts(CLOSE)
  return explained === undefined ? null : <Sheet explained={explained} />
}

const close = () => navigateSearch(NOTHING_EXPLAINED)
const CLOSE: readonly Shortcut[] = [{ keys: 'Escape', label: 'Close what is different', run: close }]

function Sheet({ explained }: { readonly explained: Explained }) {
  const zone = useZone()
  const titleId = useId()
  const question = questionOf(explained)
  const asked = useAsked(JSON.stringify(question), (signal) => client.difference(question, ROWS_MAX, signal))
  const choices = AGAINST.filter((one) => one !== 'rest' || explained.scope !== '')
  return (
    <section className="card service-difference" aria-labelledby={titleId} aria-busy={asked.isLoading}>
      <ClosableHead titleId={titleId} title="What is different" onClose={close} />
      <div className="explain-head">
        <p className="code" dir="auto" title={explained.query}>
          {explained.query}
        </p>
        <RegionTime key={JSON.stringify(explained.region)} explained={explained} zone={zone} />
        <Choice
          label="Against"
          value={explained.against}
          options={choices.map((value) => ({ value, label: AGAINST_NAMES[value] }))}
          onChoose={(against) => navigateSearch(explainChange({ ...explained, against }))}
        />
      </div>
      <DifferenceRows asked={asked} kind="selected" among={explained} />
    </section>
  )
}

/** The region as text that can be written anew: what dragging does, by keys. */
function RegionTime({ explained, zone }: { readonly explained: Explained; readonly zone: Zone }) {
  const shown = regionText(explained.region, zone)
  const [text, setText] = useState(shown)
  const readingId = useId()
  const region = useMemo(() => regionIn(text, zone), [text, zone])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (region !== undefined && text !== shown) navigateSearch(explainChange({ ...explained, region }))
  }
  return (
    <form className="explain-time" onSubmit={submit}>
      <label className="field">
        <span className="visually-hidden">Time that is explained</span>
        <input
          value={text}
          maxLength={100}
          autoComplete="off"
          aria-describedby={readingId}
          aria-invalid={region === undefined}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <button type="submit" className="button small" disabled={region === undefined || text === shown}>
        Explain
      </button>
      <span className="visually-hidden" id={readingId}>
        {region === undefined ? 'Not a time range yet' : regionText(region, zone)}
      </span>
    </form>
  )
}

/** Of today the clock alone, as the box reads it. */
function regionText({ startMs, endMs }: TimeSpan, zone: Zone): string {
  const [from, to, now] = [startMs, endMs, pageNowMs()].map((atMs) => formatInstant(atMs, zone).slice(0, 19)) as [
    string,
    string,
    string,
  ]
  const isToday = [from, to].every((text) => text.slice(0, 10) === now.slice(0, 10))
  return isToday ? `${from.slice(11)} to ${to.slice(11)}` : `${from} to ${to}`
}

function regionIn(text: string, zone: Zone): TimeSpan | undefined {
  const choice = parseTimeText(text, pageNowMs(), zone)
  return choice && resolveChoice(choice, pageNowMs(), zone)
}
