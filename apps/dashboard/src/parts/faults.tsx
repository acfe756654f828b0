import type { FoundExceptions, QueryAnswer } from '@vantage/api/client'
import { copyText } from '../app/toast.tsx'
import { faultPosition } from '../explore/fault-position.ts'
import type { Asked } from '../explore/use-asked.ts'
import { Notice } from './notice.tsx'

/** A question as far as its failure matters. */
type Question = Pick<Asked<unknown>, 'answer' | 'fault' | 'retry'>

/** Questions by what is missing where one failed: `Figures`, `The trace cannot be shown`. */
export type Questions = Readonly<Record<string, Question>>

interface FaultsProps {
  readonly of: Questions
  /** As it was asked: a place that an error names is shown in it. */
  readonly query?: string | undefined
}

/** What failed and why, and what an answer lacks; nothing where all is there. What is beside it goes on. */
export function Faults({ of, query = '' }: FaultsProps) {
  const failed = Object.entries(of).flatMap(([what, { fault, retry }]) =>
    fault === undefined || fault.code === 'cancelled' ? [] : [{ what, fault, retry }],
  )
  const retryAll = () => {
    for (const { retry } of failed) retry()
  }
  const details = () =>
    JSON.stringify({ query, faults: failed.map(({ what, fault }) => ({ what, ...fault })) }, null, 2)
  return (
    <>
      {failed.length > 0 && (
        <Notice
          kind="critical"
          actions={
            <>
              <button type="button" className="button small" onClick={retryAll}>
                Retry
              </button>
              <button type="button" className="button small" onClick={() => void copyText(details(), 'Details')}>
                Copy details
              </button>
            </>
          }
        >
          {failed.map(({ what, fault: { message, requestId } }) => (
            <p key={what}>
              {what}: {message}
              {requestId !== undefined && <span className="fault-id"> request {requestId}</span>}
            </p>
          ))}
          {failed[0] !== undefined && <FaultPlace query={query} message={failed[0].fault.message} />}
        </Notice>
      )}
      <Cuts texts={cutsOf(of)} />
    </>
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
export function Cuts({ texts }: { readonly texts: readonly string[] }) {
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
