import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { navigateSearch, readSearch } from '../app/router.ts'
import { BACKFILL_MS, type LiveSession } from './live-session.ts'
import { readLive } from './live-url.ts'

/** Browsers let a page write its address only so often: it follows when the hand that scrubs rests. */
const WRITTEN_AFTER_MS = 250

export interface Freeze {
  /** Right edge of all charts, server time in unix ms; undefined while they run. */
  readonly atMs: number | undefined
  readonly toggle: () => void
  readonly to: (atMs: number) => void
}

function write(atMs: number | undefined): void {
  navigateSearch({ at: atMs === undefined ? null : String(Math.round(atMs)) }, { replace: true })
}

/**
 * Freezing stops the picture; data goes on into the buffers. An address that says when shows that moment, as long as it is kept.
 * @param isOpen whether the session knows the server's time
 */
export function useFreeze(session: LiveSession | undefined, isOpen: boolean, writtenMs: number | undefined): Freeze {
  const [scrubbedMs, setScrubbed] = useState<number | undefined>(undefined)
  const atMs = scrubbedMs ?? writtenMs
  useEffect(() => {
    if (scrubbedMs === undefined) return
    const timer = setTimeout(() => {
      write(scrubbedMs)
      setScrubbed(undefined)
    }, WRITTEN_AFTER_MS)
    return () => clearTimeout(timer)
  }, [scrubbedMs])
  useEffect(() => {
    if (session === undefined || !isOpen) return
    const isGone = atMs !== undefined && atMs < session.nowMs() - BACKFILL_MS
    if (isGone) write(undefined)
    else session.freeze(atMs)
  }, [session, isOpen, atMs])
  const latest = useRef(session)
  latest.current = session
  const toggle = useCallback(() => {
    if (latest.current === undefined) return
    const isFrozen = readLive(readSearch()).frozenAtMs !== undefined
    setScrubbed(undefined)
    write(isFrozen ? undefined : latest.current.nowMs())
  }, [])
  return useMemo(() => ({ atMs, toggle, to: setScrubbed }), [atMs, toggle])
}
