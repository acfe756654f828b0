import type { ClientFault, SavedView, ViewDraft } from '@vantage/api/client'
import type { Result } from '@vantage/model'
import { useEffect } from 'react'
import { create } from 'zustand'
import { client } from '../app/client.ts'
import { askOpenly } from '../app/open-questions.ts'
import { announceDone, announceUndo } from '../app/toast.tsx'

interface Views {
  /** Undefined until the server has answered once. */
  readonly views: readonly SavedView[] | undefined
  readonly fault: ClientFault | undefined
}

const useViews = create<Views>(() => ({ views: undefined, fault: undefined }))

/** The saved views, asked for anew when the component appears. */
export function useSavedViews(): Views {
  useEffect(() => {
    void loadViews()
  }, [])
  return useViews()
}

export function loadViews(): Promise<void> {
  return new Promise((resolve) => {
    askOpenly(
      (signal) => client.savedViews(signal),
      (answer) => {
        useViews.setState(answer.ok ? { views: answer.value, fault: undefined } : { fault: answer.error })
        resolve()
      },
    )
  })
}

/** @param id of the view to replace; undefined = a new one */
export async function saveView(draft: ViewDraft, id: string | undefined): Promise<Result<SavedView, ClientFault>> {
  const answer = await client.saveView(draft, id)
  if (answer.ok) {
    announceDone(`${id === undefined ? 'Saved' : 'Updated'}: ${answer.value.name}`)
    await loadViews()
  }
  return answer
}

/** Deletes at once; for ten seconds it can be made again as it was. */
export async function deleteView(view: SavedView): Promise<void> {
  const answer = await client.deleteView(view.id)
  await loadViews()
  if (!answer.ok) {
    announceDone(`${view.name} was not deleted: ${answer.error.message}`)
    return
  }
  announceUndo(`Deleted: ${view.name}`, async () => {
    const { name, path, search } = view
    const restored = await client.saveView({ name, path, search }, view.id)
    announceDone(restored.ok ? `Restored: ${name}` : `${name} was not restored: ${restored.error.message}`)
    await loadViews()
  })
}
