import type { ClientFault, FoundExceptions, QueryAnswer } from '@vantage/api/client'
import { copyText } from '../app/toast.tsx'
import { faultPosition } from '../explore/fault-position.ts'
import type { Asked } from '../explore/use-asked.ts'
import { Notice } from './notice.tsx'

export const CANCELLED = 'Cancelled; what was shown before is still there.'

/** A question as far as its failure matters. */
interface Question extends Pick<Asked<unknown>, 'answer' | 'fault' | 'retry'> {
  /** As it was asked: a place that an error names is shown in it. */
  readonly query?: string | undefined
}

/** Questions by what is missing where one failed: `Figures`, `The trace cannot be shown`. */
export type Questions = Readonly<Record<string, Question>>

/** What failed and why, what was cancelled, and what an answer lacks; nothing where all is there. What is beside it goes on. */
export function Faults({ of }: { readonly of: Questions }) {
  const without = Object.entries(of).flatMap(([what, { fault, query = '', answer, retry }]) =>
    fault === undefined ? [] : [{ what, query, fault, answer, retry }],
  )
  const cancelled = without.filter(({ fault }) => fault.code === 'cancelled')
  const failed = without.filter(({ fault }) => fault.code !== 'cancelled')
  const details = () =>
    JSON.stringify({ faults: failed.map(({ what, query, fault }) => ({ what, query, ...fault })) }, null, 2)
  return (
    <>
      {cancelled.length > 0 && (
        <Notice kind="info" actions={<Retry of={cancelled} />}>
          {cancelled.some(({ answer }) => answer !== undefined) ? CANCELLED : 'Cancelled before there was an answer.'}
        </Notice>
      )}
      {failed.length > 0 && (
        <Notice
          kind="critical"
          actions={
            <>
              <Retry of={failed} />
              <button type="button" className="button small" onClick={() => void copyText(details(), 'Details')}>
                Copy details
              </button>
            </>
          }
        >
          {failed.map((one) => (
            <Failed key={one.what} {...one} />
          ))}
        </Notice>
      )}
      <Cuts texts={cutsOf(of)} />
    </>
  )
}

interface FailedProps {
  readonly what: string
  readonly query: string
  readonly fault: ClientFault
}

function Failed({ what, query, fault: { message, requestId } }: FailedProps) {
  return (
    <>
      <p>
        {what}: {message}
        {requestId !== undefined && <span className="fault-id"> request {requestId}</span>}
      </p>
      <FaultPlace query={query} message={message} />
    </>
  )
}

/** Asks all of them again. */
function Retry({ of }: { readonly of: readonly Pick<Question, 'retry'>[] }) {
  const retryAll = () => {
    for (const { retry } of of) retry()
  }
  return (
    <button type="button" className="button small" onClick={retryAll}>
      Retry
    </button>
  )
}

/** The query with the place marked that the error names; nothing where it names none. */
function FaultPlace({ query, message }: { readonly query: string; readonly message: string }) {
  const { from, to } = faultPosition(query, message)
  if (query === '' || (from === 0 && to === query.length)) return null
  return (
    <p className="code fault-place" dir="auto">
      {query.slice(0, from)}
      <mark>{query.slice(from, to)}</mark>
      {query.slice(to)}
    </p>
  )
}

/** What an answer lacks or says of itself: a lower number is never silent. */
function Cuts({ texts }: { readonly texts: readonly string[] }) {
  return texts.map((text) => (
    <Notice key={text} kind="warning">
      <span className="badge warning">{text.startsWith('PromQL') ? 'Warning' : 'Partial'}</span> {text}
    </Notice>
  ))
}

function cutsOf(of: Questions): readonly string[] {
  const texts = Object.values(of).flatMap(({ answer }) => {
    // Answers of other kinds are whole, or they fail.
    const { warnings = [], cuts = [] } = (answer ?? {}) as Partial<QueryAnswer & FoundExceptions>
    return [...warnings, ...cuts]
  })
  return [...new Set(texts)]
}
