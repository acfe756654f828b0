import { useEffect, useState } from 'react'
import { onDemand } from '../app/on-demand.tsx'
import type { QueryBuilderProps } from '../builder/query-builder.tsx'
import type { EditorProps } from './editor.tsx'

/** PromQL as code, with completion; as plain text where that cannot be loaded. */
export const CodeEditor = onDemand(() => import('./editor.tsx'), {
  Waiting: ({ text }: EditorProps) => <div className="editor editor-waiting code">{text}</div>,
  Instead: ({ label, text, onChange }: EditorProps) => <PlainQuery label={label} text={text} onType={onChange} />,
})

/** A query as fields; as plain text, which is run when it is left, where they cannot be loaded. */
export const QueryBuilder = onDemand(() => import('../builder/query-builder.tsx'), {
  Waiting: ({ text }: QueryBuilderProps) => <div className="builder code">{text}</div>,
  Instead: ({ label, text, onChange }: QueryBuilderProps) => (
    <PlainQuery label={label} text={text} onLeave={onChange} />
  ),
})

interface PlainQueryProps {
  readonly label: string
  readonly text: string
  readonly onType?: (text: string) => void
  /** Only where the text was changed. */
  readonly onLeave?: (text: string) => void
}

function PlainQuery({ label, text, onType, onLeave }: PlainQueryProps) {
  const [typed, setTyped] = useState(text)
  useEffect(() => setTyped(text), [text])
  return (
    <textarea
      className="editor plain-query code"
      aria-label={label}
      rows={1}
      value={typed}
      spellCheck={false}
      onChange={({ target: { value } }) => {
        setTyped(value)
        onType?.(value)
      }}
      onBlur={() => {
        if (typed !== text) onLeave?.(typed)
      }}
    />
  )
}
