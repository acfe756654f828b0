import { ChevronDown, ChevronUp, TextSearch } from 'lucide-react'
import { useNavigate } from '../app/router.ts'

interface FindBarProps {
  readonly text: string
  readonly found: number
  /** Which of them is open, -1 for none. */
  readonly at: number
  readonly step: (by: 1 | -1) => void
}

/** Looks for a text in all loaded lines, those off screen, too. */
export function FindBar({ text, found, at, step }: FindBarProps) {
  const navigate = useNavigate()
  return (
    <div className="find-bar">
      <label className="field">
        <TextSearch className="icon" aria-hidden="true" />
        <span className="visually-hidden">Find in the loaded lines</span>
        <input
          value={text}
          placeholder="Find in loaded lines"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => navigate({ find: event.target.value || null }, { replace: true })}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            step(event.shiftKey ? -1 : 1)
          }}
        />
      </label>
      {text.trim() !== '' && (
        <>
          <output className="aside">
            {found === 0 ? 'none' : `${at < 0 ? '' : `${at + 1} of `}${found.toLocaleString('en')}`}
          </output>
          <button
            type="button"
            className="button icon-only small"
            aria-label="Previous match"
            title="Previous match (Shift n)"
            onClick={() => step(-1)}
          >
            <ChevronUp className="icon" />
          </button>
          <button
            type="button"
            className="button icon-only small"
            aria-label="Next match"
            title="Next match (n)"
            onClick={() => step(1)}
          >
            <ChevronDown className="icon" />
          </button>
        </>
      )}
    </div>
  )
}
