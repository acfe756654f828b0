import type { SavedView } from '@vantage/api/client'
import { Bookmark, BookmarkCheck } from 'lucide-react'
import { type FormEvent, useMemo, useState } from 'react'
import { navigatePath, navigateSearch, usePath, useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { Notice } from '../parts/notice.tsx'
import { Popover } from '../parts/popover.tsx'
import { isChanged, plainSearch, SAVED_PARAM, viewParams } from './view-model.ts'
import { deleteView, saveView, useSavedViews } from './views-store.ts'

/** Longest name that the server takes. */
const NAME_MAX = 120

interface ViewMenuProps {
  readonly hasTime: boolean
}

/** Saves what the screen shows under a name; of a view that is open it says whether it was changed. */
export function ViewMenu({ hasTime }: ViewMenuProps) {
  const path = usePath()
  const search = useSearch()
  const { views } = useSavedViews()
  const open = views?.find(({ id }) => id === search.get(SAVED_PARAM))
  const hasChanged = open !== undefined && isChanged(open, path, search, hasTime)
  const label =
    open === undefined ? 'Save view' : `Saved view: ${open.name}${hasChanged ? ', with changes not saved' : ''}`
  const [isShown, setShown] = useState(false)
  const shortcuts = useMemo<readonly Shortcut[]>(
    () => [{ keys: 'mod+s', label: 'Save view', run: () => setShown(true) }],
    [],
  )
  useShortcuts(shortcuts)
  const Mark = open === undefined ? Bookmark : BookmarkCheck
  return (
    <Popover
      label="Saved view"
      kind="dialog"
      isOpen={isShown}
      onOpenChange={setShown}
      triggerLabel={label}
      triggerClass="button view-button"
      panelClass="view-panel"
      trigger={
        <>
          <Mark className="icon" aria-hidden="true" />
          {open !== undefined && <span className="view-name">{open.name}</span>}
          {hasChanged && <span className="view-dot" />}
        </>
      }
    >
      {(close) => (
        <>
          {open !== undefined && <OpenView view={open} hasChanged={hasChanged} hasTime={hasTime} close={close} />}
          <SaveForm
            label={open === undefined ? 'Save this view as' : 'Save as another view'}
            hasTime={hasTime}
            close={close}
          />
        </>
      )}
    </Popover>
  )
}

interface OpenViewProps {
  readonly view: SavedView
  readonly hasChanged: boolean
  readonly hasTime: boolean
  readonly close: () => void
}

function OpenView({ view, hasChanged, hasTime, close }: OpenViewProps) {
  const path = usePath()
  const search = useSearch()
  const [failure, setFailure] = useState('')
  const update = async () => {
    const saved = await saveView({ name: view.name, path, search: plainSearch(search, hasTime) }, view.id)
    if (saved.ok) close()
    else setFailure(saved.error.message)
  }
  const discard = () => {
    navigatePath(view.path, viewParams(view))
    close()
  }
  const remove = () => {
    void deleteView(view)
    navigateSearch({ [SAVED_PARAM]: null }, { replace: true })
    close()
  }
  return (
    <div className="view-open">
      <strong>{view.name}</strong>
      <p>{hasChanged ? 'The screen shows something else than was saved.' : 'The screen shows what was saved.'}</p>
      <div className="view-actions">
        {hasChanged && (
          <>
            <button type="button" className="button small primary" onClick={() => void update()}>
              Update
            </button>
            <button type="button" className="button small" onClick={discard}>
              Discard
            </button>
          </>
        )}
        <button type="button" className="button small quiet" onClick={remove}>
          Delete
        </button>
      </div>
      {failure !== '' && <Notice kind="critical">{failure}</Notice>}
    </div>
  )
}

function SaveForm({
  label,
  hasTime,
  close,
}: {
  readonly label: string
  readonly hasTime: boolean
  readonly close: () => void
}) {
  const path = usePath()
  const search = useSearch()
  const [name, setName] = useState('')
  const [failure, setFailure] = useState('')
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const saved = await saveView({ name, path, search: plainSearch(search, hasTime) }, undefined)
    if (!saved.ok) {
      setFailure(saved.error.message)
      return
    }
    close()
    navigatePath(saved.value.path, viewParams(saved.value), { replace: true })
  }
  return (
    <form className="view-form" onSubmit={(event) => void save(event)}>
      <label>
        <span>{label}</span>
        <span className="field">
          <input
            value={name}
            maxLength={NAME_MAX}
            placeholder="Name"
            aria-label={label}
            onChange={(event) => setName(event.target.value)}
          />
        </span>
      </label>
      <button type="submit" className="button small" disabled={name.trim() === ''}>
        Save
      </button>
      {failure !== '' && <Notice kind="critical">{failure}</Notice>}
    </form>
  )
}
