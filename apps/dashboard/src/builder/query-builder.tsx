import type { TimeRange } from '@vantage/model'
import { useMemo, useState } from 'react'
import { client } from '../app/client.ts'
import { useCatalogue } from '../explore/catalogue.ts'
import { completionClient } from '../explore/completion-client.ts'
import { LOGQL, PROMQL } from './lexicons.ts'
import { LogBuilderView } from './log-builder.tsx'
import { printLogql, readLogql } from './logql.ts'
import type { Words } from './matcher-chips.tsx'
import { PromBuilderView } from './prom-builder.tsx'
import { printPromql, readPromql } from './promql.ts'
import { commentsOf, type Lexicon, type Shown, withComments } from './tokens.ts'
import { TraceBuilderView } from './trace-builder.tsx'
import { printTraceql, readTraceql, TRACEQL } from './traceql.ts'
import { logWords } from './words.ts'

export type QueryLanguage = 'promql' | 'logql' | 'traceql'

export interface QueryBuilderProps {
  readonly language: QueryLanguage
  readonly label: string
  readonly text: string
  /** Of which names and values are offered. */
  readonly range: TimeRange
  /** A change was made: the text that says the same. */
  readonly onChange: (text: string) => void
}

/** The same query as fields. What they cannot show stays as it is, and the builder says what that is. */
export default function QueryBuilder(props: QueryBuilderProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has a look of its own.
    <div className="builder" role="group" aria-label={`${props.label}, builder`}>
      {props.language === 'promql' && <Metrics {...props} />}
      {props.language === 'logql' && <Logs {...props} />}
      {props.language === 'traceql' && <Traces {...props} />}
      <Comments comments={commentsOf(props.text, LEXICONS[props.language])} />
    </div>
  )
}

const LEXICONS: Readonly<Record<QueryLanguage, Lexicon>> = { promql: PROMQL, logql: LOGQL, traceql: TRACEQL }

/** What is said in the query stays where it stands, whatever is changed around it. */
function Comments({ comments }: { readonly comments: readonly string[] }) {
  if (comments.length === 0) return null
  return (
    <ul className="builder-comments" aria-label="Comments">
      {comments.map((comment, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: comments have no name but their place.
        <li key={at} className="code" dir="auto" title="Kept as it is written; change it as code">
          {comment}
        </li>
      ))}
    </ul>
  )
}

/** What is shown of the text: a change that is not complete yet is held here and not in the text. */
function useModel<T>(
  { text, language, onChange }: QueryBuilderProps,
  read: (text: string) => Shown<T>,
  print: (model: T) => string,
): { readonly shown: Shown<T>; readonly change: (model: T) => void } {
  const [held, setHeld] = useState<{ readonly text: string; readonly model: T } | undefined>(undefined)
  const given = useMemo(() => read(text), [text, read])
  const shown: Shown<T> = held !== undefined && held.text === text ? { ok: true, value: held.model } : given
  const change = (model: T) => {
    const next = withComments(text, print(model), LEXICONS[language])
    setHeld({ text: next, model })
    if (next !== text) onChange(next)
  }
  return { shown, change }
}

function Metrics(props: QueryBuilderProps) {
  const { shown, change } = useModel(props, readPromql, printPromql)
  if (!shown.ok) return <NotShown text={props.text} reason={shown.reason} />
  return (
    <PromBuilderView
      model={shown.value}
      metrics={async () => useCatalogue.getState().names}
      wordsOf={metricWords}
      onChange={change}
    />
  )
}

const INTERNAL = '__name__'

function metricWords(metric: string): Words {
  const { labelNames, labelValues } = completionClient
  return {
    labels: async () => (await labelNames(metric)).filter((label) => label !== INTERNAL).sort(),
    values: async (label) => (label === '' ? [] : (await labelValues(label, metric)).toSorted()),
  }
}

function Logs(props: QueryBuilderProps) {
  const { shown, change } = useModel(props, readLogql, printLogql)
  const words = useMemo(() => logWords(props.text, props.range), [props.text, props.range])
  if (!shown.ok) return <NotShown text={props.text} reason={shown.reason} />
  return <LogBuilderView model={shown.value} words={words} onChange={change} />
}

function Traces(props: QueryBuilderProps) {
  const { shown, change } = useModel(props, readTraceql, printTraceql)
  if (!shown.ok) return <NotShown text={props.text} reason={shown.reason} />
  const fields = async () => {
    const answer = await client.traceFields(props.range)
    return answer.ok ? answer.value : []
  }
  return <TraceBuilderView model={shown.value} fields={fields} onChange={change} />
}

function NotShown({ text, reason }: { readonly text: string; readonly reason: string }) {
  return (
    <div className="builder-not" role="status">
      <p>The builder cannot show this query: {reason}. It stays as it is; change it as code.</p>
      <pre className="code builder-chip" data-fragment="true">
        {text}
      </pre>
    </div>
  )
}
