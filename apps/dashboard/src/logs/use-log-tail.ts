import { type LogLine, readTailMessage } from '@vantage/api/client'
import { useEffect, useRef, useState } from 'react'
import { retryDelayMs } from '../live/retry.ts'
import { newestFirst, ROWS_MAX } from './log-rows.ts'

/** Lines that came together are shown together. */
const FLUSH_MS = 250
/** Lines that are caught up with after a lost connection. */
const HISTORY_LINES = 1_000
const POLICY_CLOSE = 1008

export interface LogTail {
  /** Lines that wait until the list is back at its top. */
  readonly waiting: number
  /** Why nothing comes; '' while it does. */
  readonly trouble: string
  /** Lines that the server left out because this page was too slow. */
  readonly dropped: number
}

const QUIET: LogTail = { waiting: 0, trouble: '', dropped: 0 }

interface LogTailOptions {
  /** Undefined = nothing is followed. */
  readonly query: string | undefined
  /** Lines up to this moment are known. */
  readonly newestNs: () => bigint
  readonly isPaused: boolean
  readonly onLines: (lines: readonly LogLine[]) => void
}

/** Follows a query: hands on each line as it is stored, or keeps it while paused. */
export function useLogTail({ query, newestNs, isPaused, onLines }: LogTailOptions): LogTail {
  const [tail, setTail] = useState<LogTail>(QUIET)
  const latest = useRef({ isPaused, onLines, newestNs })
  latest.current = { isPaused, onLines, newestNs }
  useEffect(() => {
    setTail(QUIET)
    if (query === undefined) return
    let waiting: LogLine[] = []
    const flush = () => {
      const { isPaused: isHeld, onLines: hand } = latest.current
      if (isHeld)
        setTail((former) => (former.waiting === waiting.length ? former : { ...former, waiting: waiting.length }))
      else if (waiting.length > 0) {
        hand(waiting)
        waiting = []
        setTail((former) => ({ ...former, waiting: 0 }))
      }
    }
    const timer = setInterval(flush, FLUSH_MS)
    const close = connect(query, () => waiting[0]?.timeNs ?? latest.current.newestNs(), {
      onLines: (lines, dropped) => {
        // What was there may come behind lines that are newer.
        waiting = [...lines, ...waiting].sort(newestFirst).slice(0, ROWS_MAX)
        if (dropped > 0) setTail((former) => ({ ...former, dropped: former.dropped + dropped }))
      },
      onTrouble: (trouble) => setTail((former) => (former.trouble === trouble ? former : { ...former, trouble })),
    })
    return () => {
      clearInterval(timer)
      close()
    }
  }, [query])
  return tail
}

interface TailEvents {
  readonly onLines: (lines: readonly LogLine[], dropped: number) => void
  /** '' = all is well again. */
  readonly onTrouble: (trouble: string) => void
}

/** Keeps a socket open, again and again; each begins behind the newest line. @returns ends it */
function connect(query: string, newestNs: () => bigint, events: TailEvents): () => void {
  let isOver = false
  let attempt = 0
  let socket: WebSocket | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    const params = new URLSearchParams({ query, start: String(newestNs() + 1n), limit: String(HISTORY_LINES) })
    socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/loki/api/v1/tail?${params}`)
    socket.onopen = () => {
      attempt = 0
      events.onTrouble('')
    }
    socket.onmessage = ({ data }) => {
      const { lines, dropped } = readTailMessage(String(data))
      events.onLines(lines, dropped)
    }
    socket.onclose = ({ code, reason }) => {
      if (isOver) return
      events.onTrouble(code === POLICY_CLOSE ? reason : 'The connection is lost; it is tried again.')
      // A query that cannot be followed will not be another time.
      if (code !== POLICY_CLOSE) timer = setTimeout(open, retryDelayMs(attempt++, Math.random()))
    }
  }
  open()
  return () => {
    isOver = true
    clearTimeout(timer)
    socket?.close()
  }
}
