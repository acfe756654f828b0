import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, forceLinting, linter } from '@codemirror/lint'
import { EditorState, Prec, StateEffect, StateField } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { PromQLExtension } from '@prometheus-io/codemirror-promql'
import { useEffect, useRef } from 'react'
import { completionClient } from './completion-client.ts'
import { editorTheme } from './editor-theme.ts'
import type { FaultPosition } from './fault-position.ts'

export interface EditorProps {
  readonly label: string
  readonly text: string
  /** The server's complaint about the text, shown at its character. */
  readonly fault: { readonly message: string; readonly position: FaultPosition } | undefined
  readonly onChange: (text: string) => void
  /** With what the editor holds, which may be ahead of `text`. */
  readonly onRun: (text: string) => void
}

const setFault = StateEffect.define<EditorProps['fault']>()

/** The complaint stays until the text changes or another answer comes. */
const faultField = StateField.define<EditorProps['fault']>({
  create: () => undefined,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setFault)) return effect.value
    return transaction.docChanged ? undefined : value
  },
})

const HIGHLIGHT = HighlightStyle.define([
  { tag: [tags.function(tags.variableName), tags.modifier], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.number], color: 'var(--warning)' },
  { tag: [tags.labelName], color: 'var(--info)' },
  { tag: [tags.keyword, tags.operatorKeyword], color: 'var(--accent)' },
  { tag: [tags.comment], color: 'var(--text-3)', fontStyle: 'italic' },
  { tag: [tags.operator, tags.paren, tags.squareBracket, tags.brace], color: 'var(--text-2)' },
])

/**
 * The PromQL editor. It lives in a shadow tree, because there CodeMirror uses constructed style sheets,
 * which the page's content security policy allows; in the document it would insert style elements.
 */
export default function Editor(props: EditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | undefined>(undefined)
  /** Texts that were told to `onChange` and have not come back yet, oldest first. */
  const echoes = useRef<string[]>([])
  const latest = useRef(props)
  latest.current = props
  useEffect(() => {
    const element = host.current as HTMLDivElement
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open', delegatesFocus: true })
    const promql = new PromQLExtension().setComplete({ remote: completionClient })
    view.current = new EditorView({ parent: root, root, state: initialState(latest, echoes.current, promql) })
    return () => {
      view.current?.destroy()
      promql.destroy()
    }
  }, [])
  useEffect(() => {
    const editor = view.current
    if (editor === undefined) return
    // What was typed before the last key may come back after it: it must not undo that key.
    const echo = echoes.current.indexOf(props.text)
    echoes.current.splice(0, echo + 1)
    if (echo >= 0 || editor.state.doc.toString() === props.text) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.text } })
    echoes.current.length = 0
  }, [props.text])
  useEffect(() => {
    const editor = view.current
    if (editor === undefined) return
    editor.dispatch({ effects: setFault.of(props.fault) })
    forceLinting(editor)
  }, [props.fault])
  return <div className="editor" ref={host} data-editor />
}

function initialState(
  latest: { readonly current: EditorProps },
  echoes: string[],
  promql: PromQLExtension,
): EditorState {
  const run = (editor: EditorView) => {
    latest.current.onRun(editor.state.doc.toString())
    return true
  }
  return EditorState.create({
    doc: latest.current.text,
    extensions: [
      Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
      history(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ maxRenderedOptions: 80 }),
      syntaxHighlighting(HIGHLIGHT),
      promql.asExtension(),
      faultField,
      linter((editor) => faultDiagnostics(editor), {
        delay: 0,
        needsRefresh: (update) => update.transactions.some((one) => one.effects.some((effect) => effect.is(setFault))),
      }),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': latest.current.label }),
      placeholder('PromQL, for example rate(http_requests_total[5m])'),
      editorTheme,
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return
        const text = update.state.doc.toString()
        echoes.push(text)
        latest.current.onChange(text)
      }),
    ],
  })
}

function faultDiagnostics(editor: EditorView): Diagnostic[] {
  const fault = editor.state.field(faultField)
  if (fault === undefined) return []
  const to = Math.min(fault.position.to, editor.state.doc.length)
  return [{ from: Math.min(fault.position.from, to), to, severity: 'error', message: fault.message }]
}
