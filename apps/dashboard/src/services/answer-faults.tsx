import { Notice } from '../parts/notice.tsx'
import { askAgain } from '../time/time-store.ts'
import type { AnswerFault } from './use-service-answers.ts'

/** What a page about services lacks, and why; nothing where it has all. The rest of the page goes on. */
export function AnswerFaults({ faults }: { readonly faults: readonly AnswerFault[] }) {
  if (faults.length === 0) return null
  return (
    <Notice
      kind="critical"
      actions={
        <button type="button" className="button small" onClick={askAgain}>
          Retry
        </button>
      }
    >
      {faults.map(({ what, message }) => (
        <p key={what}>
          {what}: {message}
        </p>
      ))}
    </Notice>
  )
}
