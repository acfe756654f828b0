import { formatInstant } from '@vantage/charts'
import { History } from 'lucide-react'
import { useState } from 'react'
import { Popover } from '../parts/popover.tsx'
import { readHistory } from './history.ts'

/** Queries that ran in this browser, newest first. */
export function HistoryMenu({ onPick }: { readonly onPick: (text: string) => void }) {
  return (
    <Popover
      label="Query history"
      kind="dialog"
      panelClass="history"
      trigger={
        <>
          <History className="icon" aria-hidden="true" />
          History
        </>
      }
    >
      {(close) => (
        <HistoryList
          onPick={(text) => {
            onPick(text)
            close()
          }}
        />
      )}
    </Popover>
  )
}

function HistoryList({ onPick }: { readonly onPick: (text: string) => void }) {
  const [search, setSearch] = useState('')
  const [history] = useState(readHistory)
  const found = history.filter((one) => one.text.toLowerCase().includes(search.toLowerCase()))
  return (
    <>
      <label className="field">
        <span className="visually-hidden">Search history</span>
        <input
          data-autofocus
          placeholder="Search history"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </label>
      {found.length === 0 && <p className="empty">{history.length === 0 ? 'Nothing has run yet' : 'No match'}</p>}
      <ul className="history-list">
        {found.map((one) => (
          <li key={one.text}>
            <button type="button" className="menu-item" onClick={() => onPick(one.text)}>
              <span className="code history-text">{one.text}</span>
              <span className="aside">{formatInstant(one.atMs, 'browser').slice(5, 16)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
