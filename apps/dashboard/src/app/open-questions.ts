import { create } from 'zustand'

interface OpenQuestion {
  /** By which the server knows it. */
  readonly id: string
  /** Of `performance.now()`. */
  readonly sinceMs: number
  readonly cancel: () => void
}

/** Of this page: others ask the same server. */
const PAGE_ID = Math.random().toString(36).slice(2)
let asked = 0
const idOf = new WeakMap<AbortSignal, string>()

/** The name of the question that waits with a signal. */
export function questionId(signal: AbortSignal | null | undefined): string | undefined {
  return signal ? idOf.get(signal) : undefined
}

/** Questions of all parts of the page that wait for their answers, the oldest first. */
export const useOpenQuestions = create<{ readonly open: readonly OpenQuestion[] }>(() => ({ open: [] }))

/**
 * Asks, and is among the open questions until the answer is there. One that a person cancels is answered, too: by the
 * fault `cancelled`.
 * @returns what ends it unanswered, because another question replaces it or its place is gone
 */
export function askOpenly<T>(ask: (signal: AbortSignal) => Promise<T>, done: (answer: T) => void): () => void {
  const abort = new AbortController()
  const id = `${PAGE_ID}-${++asked}`
  idOf.set(abort.signal, id)
  const question = { id, sinceMs: performance.now(), cancel: () => abort.abort() }
  const end = () => useOpenQuestions.setState(({ open }) => ({ open: open.filter((one) => one !== question) }))
  let isReplaced = false
  useOpenQuestions.setState(({ open }) => ({ open: [...open, question] }))
  void ask(abort.signal).then((answer) => {
    end()
    if (!isReplaced) done(answer)
  })
  return () => {
    isReplaced = true
    end()
    abort.abort()
  }
}

/** Whether some part of the page still waits for an answer. */
export function isAsking(): boolean {
  return useOpenQuestions.getState().open.length > 0
}

export function cancelQuestions(): void {
  for (const { cancel } of useOpenQuestions.getState().open) cancel()
}
