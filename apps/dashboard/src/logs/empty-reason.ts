import { isLiteral } from '../builder/chain.ts'
import { printLogql, readLogql, type Stage } from '../builder/logql.ts'
import { type QueryVariant, VARIANTS_MAX } from '../explore/empty-reason.ts'

/**
 * A query of lines with one of its filters left out each, the last first: that one was added last. None where the query
 * asks for no lines, or is not read.
 * @param window in which lines without it are counted
 */
export function lineVariants(query: string, window: string): QueryVariant[] {
  const shown = readLogql(query)
  if (!shown.ok) return []
  const { leaf, steps } = shown.value
  if (isLiteral(leaf) || steps.length > 0 || leaf.range !== '') return []
  const { braces, stages } = leaf
  const variant = (part: string, change: Partial<typeof leaf>): QueryVariant => {
    const without = { ...leaf, ...change }
    const countQuery = printLogql({
      leaf: { ...without, range: window },
      steps: [
        { kind: 'call', name: 'count_over_time', before: [], after: [] },
        { kind: 'aggregate', name: 'sum', parameter: '', grouping: undefined },
      ],
    })
    return { part, countQuery, query: printLogql({ leaf: without, steps: [] }) }
  }
  const ofStages = stages.flatMap((stage, at) =>
    isFilter(stage) ? [variant(filterText(stage), { stages: stages.toSpliced(at, 1) })] : [],
  )
  const { matchers } = braces
  const ofBraces = matchers.map(({ label, op, value }, at) =>
    variant(`${label}${op}${value}`, { braces: { matchers: matchers.toSpliced(at, 1), hasLastComma: false } }),
  )
  // Lines are always of something.
  return [...ofBraces.filter(() => matchers.length > 1), ...ofStages].toReversed().slice(0, VARIANTS_MAX)
}

type Filter = Extract<Stage, { readonly kind: 'line' | 'label' }>

function isFilter(stage: Stage): stage is Filter {
  return stage.kind === 'line' || stage.kind === 'label'
}

function filterText(filter: Filter): string {
  return filter.kind === 'line' ? `${filter.op} ${filter.value}` : `${filter.label}${filter.op}${filter.value}`
}
