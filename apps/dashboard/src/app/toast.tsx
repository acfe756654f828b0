import { create } from 'zustand'

const SHOWN_MS = 2_500

const useToast = create<{ readonly text: string }>(() => ({ text: '' }))
let timer: ReturnType<typeof setTimeout> | undefined

/** Says one thing that happened, for a moment and to screen readers. */
export function announceDone(text: string): void {
  clearTimeout(timer)
  useToast.setState({ text })
  timer = setTimeout(() => useToast.setState({ text: '' }), SHOWN_MS)
}

export function Toast() {
  const { text } = useToast()
  return (
    <div className="toast" role="status">
      {text}
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
