import { CircleCheck, CircleDashed } from 'lucide-react'
import { Link } from '../app/link.tsx'
import { SETUP_STEPS } from './setup-steps.ts'

/** What a workspace can be sent, and what it has been. */
export function SetupCard({ done }: { readonly done: ReadonlySet<string> }) {
  return (
    <section className="card home-setup" aria-labelledby="setup-title">
      <div className="card-head">
        <h2 id="setup-title">Set up</h2>
        <span className="aside">
          {done.size} of {SETUP_STEPS.length} done
        </span>
      </div>
      <ol>
        {SETUP_STEPS.map(({ id, title, why }) => (
          <li key={id} data-done={done.has(id)}>
            {done.has(id) ? (
              <CircleCheck className="icon" aria-hidden="true" />
            ) : (
              <CircleDashed className="icon" aria-hidden="true" />
            )}
            <div>
              {done.has(id) ? <strong>{title}: done</strong> : <Link to="/setup">{title}</Link>}
              <p>{why}</p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}
