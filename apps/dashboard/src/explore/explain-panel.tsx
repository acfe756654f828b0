import type { ExplainNode } from '@vantage/api/client'
import { formatValue, PLAIN } from '@vantage/charts'
import type { QueryRow } from './explore-url.ts'
import type { RowResults } from './run-queries.ts'

interface ExplainPanelProps {
  readonly rows: readonly QueryRow[]
  readonly results: RowResults
}

/** What every node of the plan did, as the server measured it. Figures of a node include its children. */
export function ExplainPanel({ rows, results }: ExplainPanelProps) {
  const shown = rows.filter((row) => !row.isOff && results[row.ref]?.answer !== undefined)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll explain" tabIndex={0} aria-label="Explanation">
      {shown.map((row) => {
        const root = results[row.ref]?.answer?.explain
        return root === undefined ? (
          <p key={row.ref} className="empty">
            The server sent no explanation for query {row.ref.toUpperCase()}.
          </p>
        ) : (
          <ExplainTable key={row.ref} letter={row.ref.toUpperCase()} root={root} />
        )
      })}
    </section>
  )
}

function ExplainTable({ letter, root }: { readonly letter: string; readonly root: ExplainNode }) {
  const lines = flatten(root, 0, '0')
  return (
    <table>
      <caption className="visually-hidden">Plan of query {letter}</caption>
      <thead>
        <tr>
          <th scope="col">Node of {letter}</th>
          <th scope="col" className="number">
            Series
          </th>
          <th scope="col" className="number">
            Samples read
          </th>
          <th scope="col" className="number">
            Points
          </th>
          <th scope="col" className="number">
            Time
          </th>
          <th scope="col">
            <span className="visually-hidden">Share of the time</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ node, depth, path }) => (
          <tr key={path}>
            <th scope="row" className="code" style={{ paddingLeft: `${12 + depth * 20}px` }} title={node.node}>
              {node.node} <span className="badge">{node.isFused ? `${node.kind}, with its parent` : node.kind}</span>
            </th>
            <td className="number">{node.series.toLocaleString('en')}</td>
            <td className="number">{formatValue(node.samples, PLAIN)}</td>
            <td className="number">{formatValue(node.points, PLAIN)}</td>
            <td className="number">{node.isFused ? '' : formatValue(node.elapsedMs / 1000, { kind: 'seconds' })}</td>
            <td className="share">
              <meter
                min={0}
                max={Math.max(root.elapsedMs, 1e-6)}
                value={node.elapsedMs}
                aria-label="Share of the time"
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface ExplainLine {
  readonly node: ExplainNode
  readonly depth: number
  readonly path: string
}

function flatten(node: ExplainNode, depth: number, path: string): ExplainLine[] {
  const children = node.children.flatMap((child, i) => flatten(child, depth + 1, `${path}.${i}`))
  return [{ node, depth, path }, ...children]
}
