import type { TraceSpan } from '@vantage/api/client'
import { useId } from 'react'
import { navigatePath } from '../app/router.ts'
import { useUrlText } from '../app/url-text.ts'
import { useValueKeys, valueMark } from '../parts/value-keys.ts'
import { ValueMenu } from '../parts/value-menu.tsx'
import type { TraceView } from './trace-view.ts'
import { fieldText, hasAnotherValue, hasValue } from './traceql.ts'

/** From this many on, attributes can be searched. */
const SEARCH_FROM = 8
/** Traces with the same value are looked for this long before and after. */
const MARGIN_MS = 1_800_000

interface SpanAttributesProps {
  readonly span: TraceSpan
  readonly view: TraceView
}

/** Attributes of a span and of who sent it; each value leads to traces that share it. */
export function SpanAttributes({ span, view }: SpanAttributesProps) {
  const [text, setText] = useUrlText('attributes')
  const inputId = useId()
  const wanted = text.trim().toLowerCase()
  const matches = ([key, value]: readonly [string, string]) => `${key} ${value}`.toLowerCase().includes(wanted)
  const own = span.attributes.filter(matches)
  const resource = span.resource.filter(matches)
  const startMs = Number(view.columns.startNs / 1_000_000n)
  const find = (condition: string) =>
    navigatePath('/explore/traces', {
      q: `{ ${condition} }`,
      from: String(startMs - MARGIN_MS),
      to: String(startMs + MARGIN_MS),
      live: '0',
    })
  const filter = (field: string, value: string, isWanted: boolean) =>
    find(isWanted ? hasValue(field, value) : hasAnotherValue(field, value))
  useValueKeys(filter)
  return (
    <>
      {span.attributes.length + span.resource.length >= SEARCH_FROM && (
        <div className="span-part">
          <label className="field" htmlFor={inputId}>
            <span className="visually-hidden">Filter attributes</span>
            <input
              id={inputId}
              value={text}
              placeholder="Filter attributes"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
        </div>
      )}
      <Pairs title="Attributes" scope="span" pairs={own} filter={filter} />
      <Pairs title="Resource" scope="resource" pairs={resource} filter={filter} />
      {wanted !== '' && own.length + resource.length === 0 && (
        <p className="span-part span-none">No attribute holds “{text}”.</p>
      )}
    </>
  )
}

interface PairsProps {
  readonly title: string
  readonly scope: 'span' | 'resource'
  readonly pairs: TraceSpan['attributes']
  readonly filter: (field: string, value: string, isWanted: boolean) => void
}

function Pairs({ title, scope, pairs, filter }: PairsProps) {
  if (pairs.length === 0) return null
  return (
    <section className="span-part">
      <h3>{title}</h3>
      <table className="span-pairs">
        <tbody>
          {pairs.map(([key, value]) => {
            const field = fieldText(scope, key)
            return (
              <tr key={key} {...valueMark(field, value)}>
                <th scope="row">{key}</th>
                <td className="code" dir="auto">
                  {value}
                </td>
                <td className="span-menu">
                  <ValueMenu
                    name={key}
                    value={value}
                    actions={[
                      { label: 'Traces with this value', run: () => filter(field, value, true) },
                      { label: 'Traces with another value', run: () => filter(field, value, false) },
                    ]}
                  />
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
