import { formatValue, PLAIN } from '@vantage/charts'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { elapsedText } from '../time/elapsed-text.ts'
import { client } from './client.ts'
import { cancelQuestions, useOpenQuestions } from './open-questions.ts'

const SHOWN_AFTER_MS = 2_000
const LOOK_MS = 250
const READ_EVERY_MS = 1_000

/** Once answers take long: for how long, how many are missing, how much was read for them, and the way to wait no longer. Spoken once, not each second. */
export function WaitingNote() {
  const sinceMs = useOpenQuestions(({ open }) => open[0]?.sinceMs)
  const waitedMs = useWaitedMs(sinceMs)
  const isLong = waitedMs >= SHOWN_AFTER_MS
  return (
    <>
      <div className="visually-hidden" role="status">
        {isLong && 'Answers take long. Cancel ends the waiting.'}
      </div>
      {isLong && <Note waitedMs={waitedMs} />}
    </>
  )
}

function Note({ waitedMs }: { readonly waitedMs: number }) {
  const missing = useOpenQuestions(({ open }) => open.length)
  const rowsRead = useRowsRead()
  const button = useRef<HTMLButtonElement>(null)
  // The button goes with the last answer: who stood on it goes on in the page.
  useLayoutEffect(
    () => () => {
      if (document.activeElement === button.current) document.getElementById('main')?.focus()
    },
    [],
  )
  return (
    <div className="waiting-note">
      <span role="timer">
        {elapsedText(waitedMs)} · {missing} {missing === 1 ? 'answer' : 'answers'} missing
        {rowsRead > 0 && ` · ${formatValue(rowsRead, PLAIN)} rows read`}
      </span>
      <button type="button" className="button small" ref={button} onClick={cancelQuestions}>
        Cancel
      </button>
    </div>
  )
}

/** Samples and rows that the server has read so far for what the page waits for; the most that it has told. */
function useRowsRead(): number {
  const [rowsRead, setRowsRead] = useState(0)
  useEffect(() => {
    const look = async () => {
      const ids = useOpenQuestions.getState().open.map(({ id }) => id)
      const answer = await client.rowsRead(ids)
      if (answer.ok) setRowsRead((former) => Math.max(former, answer.value))
    }
    void look()
    const timer = setInterval(() => void look(), READ_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return rowsRead
}

/** In whole seconds, so that it is drawn once in each; 0 where nothing waits. */
function useWaitedMs(sinceMs: number | undefined): number {
  const [waited, setWaited] = useState({ sinceMs, seconds: 0 })
  useEffect(() => {
    if (sinceMs === undefined) return
    const look = () => {
      const seconds = Math.floor((performance.now() - sinceMs) / 1000)
      setWaited((former) => (former.sinceMs === sinceMs && former.seconds === seconds ? former : { sinceMs, seconds }))
    }
    look()
    const timer = setInterval(look, LOOK_MS)
    return () => clearInterval(timer)
  }, [sinceMs])
  return waited.sinceMs === sinceMs ? waited.seconds * 1000 : 0
}
