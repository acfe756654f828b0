import { Copy } from 'lucide-react'
import { useMemo } from 'react'
import { navigateSearch, useSearch } from '../app/router.ts'
import { copyText } from '../app/toast.tsx'
import { type Snippet, snippetsFor } from './snippets.ts'
import { WaitPanel } from './wait-panel.tsx'

/** Get data in: choose a source, copy its snippet, watch the first sample arrive. */
export default function SetupPage() {
  const chosen = useSearch().get('source')
  const snippets = useMemo(() => snippetsFor({ origin: location.origin }), [])
  const snippet = snippets.find((one) => one.id === chosen) ?? (snippets[0] as Snippet)
  return (
    <div className="setup">
      <div className="page-head">
        <h1>Get data in</h1>
        <span className="aside">Choose a source, run the snippet, and watch it arrive.</span>
      </div>
      <div className="setup-columns">
        <div className="setup-steps">
          <section className="card" aria-labelledby="source-title">
            <div className="card-head">
              <span className="step" aria-hidden="true">
                1
              </span>
              <h2 id="source-title">Choose a source</h2>
            </div>
            <SourceChoice snippets={snippets} chosen={snippet} />
          </section>
          <section className="card" aria-labelledby="snippet-title">
            <div className="card-head">
              <span className="step" aria-hidden="true">
                2
              </span>
              <h2 id="snippet-title">Run it</h2>
              <span className="aside">{snippet.label}</span>
              <div className="tools">
                <button type="button" className="button small" onClick={() => void copyText(snippet.text, 'Snippet')}>
                  <Copy className="icon" aria-hidden="true" />
                  Copy
                </button>
              </div>
            </div>
            <p className="snippet-hint">{snippet.hint}</p>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
            <section className="snippet side-scroll" tabIndex={0} aria-label={`Snippet for ${snippet.label}`}>
              <pre>
                <code>{snippet.text}</code>
              </pre>
            </section>
          </section>
        </div>
        <WaitPanel />
      </div>
    </div>
  )
}

function SourceChoice({ snippets, chosen }: { readonly snippets: readonly Snippet[]; readonly chosen: Snippet }) {
  return (
    <fieldset className="sources" aria-labelledby="source-title">
      {snippets.map(({ id, label }) => (
        <label key={id} className="source">
          <input
            type="radio"
            name="source"
            checked={id === chosen.id}
            onChange={() => navigateSearch({ source: id }, { replace: true })}
          />
          {label}
        </label>
      ))}
    </fieldset>
  )
}
