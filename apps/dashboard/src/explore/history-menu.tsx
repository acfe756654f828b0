import { formatInstant } from '@vantage/charts'
import { History, Star } from 'lucide-react'
import { useState } from 'react'
import { Popover } from '../parts/popover.tsx'
import {
  foundQueries,
  keepHistory,
  languageOf,
  type PastLanguage,
  type PastQuery,
  readHistory,
  withStar,
} from './history.ts'

interface HistoryMenuProps {
  readonly language: PastLanguage
  readonly onPick: (text: string) => void
}

/** Queries that ran in this browser, the newest first, those with a star before them. */
export function HistoryMenu({ language, onPick }: HistoryMenuProps) {
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
          language={language}
          onPick={(text) => {
            onPick(text)
            close()
          }}
        />
      )}
    </Popover>
  )
}

function HistoryList({ language, onPick }: HistoryMenuProps) {
  const [search, setSearch] = useState('')
  const [history, setHistory] = useState(readHistory)
  const found = foundQueries(history, language, search)
  const star = (query: PastQuery) => {
    const next = withStar(readHistory(), query)
    keepHistory(next)
    setHistory(next)
  }
  const hasAny = history.some((one) => languageOf(one) === language)
  return (
    <>
      <label className="field">
        <span className="visually-hidden">Search history</span>
        <input
          data-autofocus
          placeholder="Search history"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={(event) => {
            // It may stand in the form of a query.
            if (event.key === 'Enter') event.preventDefault()
          }}
        />
      </label>
      {found.length === 0 && <p className="empty">{hasAny ? 'No match' : 'Nothing has run yet'}</p>}
      <ul className="history-list">
        {found.map((one) => (
          <li key={one.text}>
            <button
              type="button"
              className="button quiet icon-only small star history-star"
              aria-pressed={one.isStarred === true}
              aria-label={`Star ${one.text}`}
              title={one.isStarred === true ? 'Take the star' : 'Star: it stays, and stands first'}
              onClick={() => star(one)}
            >
              <Star className="icon" />
            </button>
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
