import { RotateCw, Search } from 'lucide-react'
import { useId, useMemo } from 'react'
import { Link } from '../app/link.tsx'
import { useUrlText } from '../app/url-text.ts'
import { Faults } from '../parts/faults.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { NoneCalled } from '../parts/nothing.tsx'
import { type CatalogueMetric, loadCatalogue, searchCatalogue, useCatalogue } from './catalogue.ts'

/** Rows that are drawn; searching finds the others. */
const ROWS_MAX = 200

interface MetricBrowserProps {
  readonly onPick: (metric: CatalogueMetric) => void
}

/** All metrics with type, unit and help; a click puts a sensible query into the first empty row. */
export function MetricBrowser({ onPick }: MetricBrowserProps) {
  const { state, fault, metrics } = useCatalogue()
  const [search, setSearch] = useUrlText('find')
  const titleId = useId()
  // Once it was read, names stay while they are asked for anew.
  const known = metrics.length > 0 ? metrics : undefined
  const found = useMemo(() => searchCatalogue(metrics, search), [metrics, search])
  return (
    <section className="card browser" aria-labelledby={titleId}>
      <div className="card-head">
        <h2 id={titleId}>Metrics</h2>
        <span className="aside">{metrics.length > 0 ? metrics.length.toLocaleString('en') : ''}</span>
        <div className="tools">
          <IconButton label="Look for new metrics" icon={RotateCw} onClick={loadCatalogue} />
        </div>
      </div>
      <label className="field browser-search">
        <Search className="icon" aria-hidden="true" />
        <span className="visually-hidden">Search metrics</span>
        <input
          type="search"
          placeholder="Name, help or unit"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </label>
      <Faults of={{ 'The list could not be read': { answer: known, fault, retry: loadCatalogue } }} />
      {state === 'ready' && metrics.length === 0 && (
        <div className="empty">
          <strong>No metrics yet</strong>
          <Link to="/setup">Get data in</Link>
        </div>
      )}
      {metrics.length > 0 && found.length === 0 && (
        <NoneCalled one="metric" find={search} total={metrics.length} onDrop={() => setSearch('')} />
      )}
      <ul className="browser-list">
        {found.slice(0, ROWS_MAX).map((metric) => (
          <li key={metric.name}>
            <MetricEntry metric={metric} onPick={onPick} />
          </li>
        ))}
      </ul>
      {found.length > ROWS_MAX && (
        <p className="browser-note">
          {ROWS_MAX} of {found.length.toLocaleString('en')}; search to narrow
        </p>
      )}
    </section>
  )
}

/** A name that breaks between its words where it is too long for its place. */
function Breakable({ name }: { readonly name: string }) {
  return name.split(/(?<=[_:.])/).map((word, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, replaced as a whole.
    <span key={i}>
      {word}
      <wbr />
    </span>
  ))
}

function MetricEntry({ metric, onPick }: MetricBrowserProps & { readonly metric: CatalogueMetric }) {
  const details = [metric.type, metric.unit].filter(Boolean).join(' · ')
  return (
    <button type="button" className="browser-entry" title={metric.help} onClick={() => onPick(metric)}>
      <span className="code browser-name">
        <Breakable name={metric.name} />
      </span>
      <span className="browser-details">
        {details}
        {details !== '' && metric.help !== '' && ' · '}
        <span className="browser-help">{metric.help}</span>
      </span>
    </button>
  )
}
