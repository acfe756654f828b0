import { Columns2, X } from 'lucide-react'
import { Link } from '../app/link.tsx'
import { navigatePath, navigateSearch, readSearch, usePane, useSearch } from '../app/router.ts'
import { Choice } from '../parts/choice.tsx'
import {
  aloneOf,
  PANES,
  type PaneName,
  pathOf,
  SIGNALS,
  type Signal,
  SPLIT_PATH,
  signalIn,
  splitOf,
  withSignal,
} from './signals.ts'

const NAMES: Readonly<Record<Signal, string>> = { metrics: 'Metrics', logs: 'Logs', traces: 'Traces' }

/** What is explored, and the way to the other signals; the time goes along. */
export function ExploreModes({ signal }: { readonly signal: Signal }) {
  const pane = usePane()
  return pane === '' ? <Alone signal={signal} /> : <Half signal={signal} pane={pane as PaneName} />
}

function Alone({ signal }: { readonly signal: Signal }) {
  const search = useSearch()
  return (
    <>
      <h1>Explore {signal}</h1>
      <nav className="explore-modes" aria-label="Signal">
        {SIGNALS.map((one) => (
          <Link key={one} to={pathOf(one)} aria-current={one === signal ? 'page' : undefined}>
            {NAMES[one]}
          </Link>
        ))}
      </nav>
      <Link className="button" to={SPLIT_PATH} params={splitOf(signal, search)} title="Two queries side by side">
        <Columns2 className="icon" aria-hidden="true" />
        Split
      </Link>
    </>
  )
}

function Half({ signal, pane }: { readonly signal: Signal; readonly pane: PaneName }) {
  const other = PANES.find((one) => one !== pane) as PaneName
  const close = () => {
    const params = readSearch()
    navigatePath(pathOf(signalIn(params, other)), aloneOf(other, params))
  }
  return (
    <>
      <h2 className="pane-title">{pane === 'left' ? 'Left' : 'Right'}</h2>
      <Choice
        label={`Signal, ${pane}`}
        value={signal}
        options={SIGNALS.map((value) => ({ value, label: NAMES[value] }))}
        onChoose={(value) => navigateSearch(withSignal(pane, value, readSearch()))}
      />
      <button
        type="button"
        className="button quiet icon-only small pane-close"
        aria-label={`Close the ${pane} half`}
        title={`Close the ${pane} half; the other stays`}
        onClick={close}
      >
        <X className="icon" />
      </button>
    </>
  )
}
