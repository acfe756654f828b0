import { create } from 'zustand'

const SHOWN_MS = 2_500

/** How long what was done can be taken back. */
const UNDO_MS = 10_000

interface Said {
  readonly text: string
  /** Takes back what was done. */
  readonly undo: (() => void) | undefined
}

const NOTHING: Said = { text: '', undo: undefined }
const useToast = create<Said>(() => NOTHING)
let timer: ReturnType<typeof setTimeout> | undefined

/** Says one thing that happened, for a moment and to screen readers. */
export function announceDone(text: string): void {
  say({ text, undo: undefined }, SHOWN_MS)
}

/** Says what was done, and offers to take it back for ten seconds. */
export function announceUndo(text: string, undo: () => Promise<void>): void {
  say({ text, undo: () => void undo() }, UNDO_MS)
}

function say(said: Said, shownMs: number): void {
  clearTimeout(timer)
  useToast.setState(said)
  timer = setTimeout(() => useToast.setState(NOTHING), shownMs)
}

export function Toast() {
  const { text, undo } = useToast()
  return (
    <div className="toast" role="status">
      {text}
      {undo !== undefined && (
        <button
          type="button"
          className="button small"
          onClick={() => {
            useToast.setState(NOTHING)
            undo()
          }}
        >
          Undo
        </button>
      )}
    </div>
  )
}

/** Copies and says so; without a clipboard (plain http from another host) it says that instead. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    announceDone(`${what} copied`)
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error
    announceDone(copyBySelection(text) ? `${what} copied` : 'This browser does not let the page copy')
  }
}

/** The way before the clipboard API, which also works on plain http. */
function copyBySelection(text: string): boolean {
  const box = document.createElement('textarea')
  box.value = text
  box.setAttribute('aria-hidden', 'true')
  document.body.append(box)
  box.select()
  const isCopied = document.execCommand('copy')
  box.remove()
  return isCopied
}
