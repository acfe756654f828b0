import { Trash2 } from 'lucide-react'
import { Link } from '../app/link.tsx'
import { Faults } from '../parts/faults.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { viewParams } from './view-model.ts'
import { deleteView, loadViews, useSavedViews } from './views-store.ts'

/** Saved views, each with the way to it; nothing where there is none. */
export function ViewsCard() {
  const { views: answer, fault } = useSavedViews()
  const views = answer ?? []
  if (views.length === 0 && fault === undefined) return null
  return (
    <section className="card home-views" aria-labelledby="saved-views">
      <div className="card-head">
        <h2 id="saved-views">Saved views</h2>
      </div>
      <Faults of={{ 'The saved views': { answer, fault, retry: () => void loadViews() } }} />
      <ul className="views-list">
        {views.map((view) => (
          <li key={view.id}>
            <Link to={view.path} params={viewParams(view)} title={view.name}>
              {view.name}
            </Link>
            <IconButton label={`Delete ${view.name}`} icon={Trash2} onClick={() => void deleteView(view)} />
          </li>
        ))}
      </ul>
    </section>
  )
}
