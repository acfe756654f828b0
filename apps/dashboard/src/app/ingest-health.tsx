import { formatValue, PLAIN, sparklinePath } from '@vantage/charts'
import { useEffect, useState } from 'react'
import { usePageClock } from '../time/page-clock.ts'
import { client } from './client.ts'

const POLL_MS = 5_000
/** Points of the small line: five minutes. */
const POINTS_MAX = 60

interface Health {
  readonly samplesPerSecond: number
  readonly seriesActive: number
  readonly isReached: boolean
  readonly history: readonly number[]
}

const UNKNOWN: Health = { samplesPerSecond: Number.NaN, seriesActive: Number.NaN, isReached: true, history: [] }

/** What arrives now, at the foot of the rail; greyed while the server does not answer. */
export function IngestHealth() {
  const [health, setHealth] = useState(UNKNOWN)
  const { aheadMs } = usePageClock()
  useEffect(() => {
    const abort = new AbortController()
    const ask = async () => {
      const answer = await client.stats(abort.signal)
      if (abort.signal.aborted) return
      setHealth((former) => {
        if (!answer.ok) return { ...former, isReached: false }
        const { samplesPerSecond, seriesActive } = answer.value
        const history = [...former.history, samplesPerSecond].slice(-POINTS_MAX)
        return { samplesPerSecond, seriesActive, isReached: true, history }
      })
    }
    void ask()
    const timer = setInterval(ask, POLL_MS)
    return () => {
      abort.abort()
      clearInterval(timer)
    }
  }, [])
  const path = sparklinePath(health.history, 180, 16)
  return (
    <div className="health">
      {health.isReached ? (
        <>
          Ingest <strong>{formatValue(health.samplesPerSecond, PLAIN)}</strong> samples/s
          <br />
          <strong>{formatValue(health.seriesActive, PLAIN)}</strong> active series
        </>
      ) : (
        <>
          <strong>No answer</strong> from the server
          <br />
          Trying again every 5 s
        </>
      )}
      {aheadMs !== 0 && (
        <p className="health-clock" role="status">
          This clock is <strong>{aboutText(Math.abs(aheadMs) / 1000)}</strong> {aheadMs < 0 ? 'ahead of' : 'behind'} the
          server’s, which counts here
        </p>
      )}
      <svg viewBox="0 0 180 18" preserveAspectRatio="none" aria-hidden="true">
        {path !== '' && <path d={path} transform="translate(0 1)" vectorEffect="non-scaling-stroke" />}
      </svg>
    </div>
  )
}

/** In whole minutes where there is one: how far clocks differ is not known to the second. */
function aboutText(seconds: number): string {
  const unit = seconds < 60 ? 1 : 60
  return formatValue(Math.round(seconds / unit) * unit, { kind: 'seconds' })
}
