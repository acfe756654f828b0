import { CircleCheck, CircleDashed } from 'lucide-react'
import { Link } from '../app/link.tsx'
import { SETUP_SIGNALS, SETUP_STEPS, type SetupSignal } from './setup-steps.ts'

/** What a workspace can be sent, and what it has been. */
export function SetupCard({ done }: { readonly done: ReadonlySet<SetupSignal> }) {
  return (
    <section className="card home-setup" aria-labelledby="setup-title">
      <div className="card-head">
        <h2 id="setup-title">Set up</h2>
        <span className="aside">
          {done.size} of {SETUP_SIGNALS.length} done
        </span>
      </div>
      <ol>
        {SETUP_SIGNALS.map((signal) => {
          const { title, why } = SETUP_STEPS[signal]
          const isDone = done.has(signal)
          const Mark = isDone ? CircleCheck : CircleDashed
          return (
            <li key={signal} data-done={isDone}>
              <Mark className="icon" aria-hidden="true" />
              <div>
                {isDone ? <strong>{title}: done</strong> : <Link to="/setup">{title}</Link>}
                <p>{why}</p>
              </div>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
