import { Columns2, X } from 'lucide-react'
import { Link } from '../app/link.tsx'
import { navigatePath, navigateSearch, readSearch, useNavigate, usePane, useSearch } from '../app/router.ts'
import { Choice } from '../parts/choice.tsx'
import { SHIFT_PARAM, shiftMsOf } from '../time/pane-time.ts'
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
      <Shift pane={pane} />
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

const SHIFT_NAMES: Readonly<Record<string, string>> = {
  '5m': '5 minutes earlier',
  '1h': '1 hour earlier',
  '1d': '1 day earlier',
  '1w': '1 week earlier',
}

/** Looks at an earlier time in one half: the same query against itself, an hour or a week before. */
function Shift({ pane }: { readonly pane: PaneName }) {
  const search = useSearch()
  const navigate = useNavigate()
  const shift = shiftMsOf(search) === 0 ? '' : (search.get(SHIFT_PARAM) ?? '')
  const names = shift === '' || shift in SHIFT_NAMES ? SHIFT_NAMES : { ...SHIFT_NAMES, [shift]: `${shift} earlier` }
  return (
    <select
      className="pane-shift"
      aria-label={`Time of the ${pane} half`}
      title="Looks at an earlier time in this half"
      data-on={shift !== ''}
      value={shift}
      onChange={(event) => navigate({ [SHIFT_PARAM]: event.target.value || null })}
    >
      <option value="">the time above</option>
      {Object.entries(names).map(([value, name]) => (
        <option key={value} value={value}>
          {name}
        </option>
      ))}
    </select>
  )
}
