import { unreachable } from '@vantage/model'
import { quoteText } from '../../quote-text.ts'
import type {
  Extraction,
  Grouping,
  LabelChoice,
  LabelFilter,
  LabelFormat,
  LineOperand,
  LogRange,
  Matching,
  MetricPlan,
  Plan,
  Selector,
  Stage,
  Unwrap,
} from './plan.ts'
import { POWERS } from './powers.ts'
import { formatNumber, formatQueryDuration } from './units.ts'

/** Writes a plan as a query that reads back as the same plan. */
export function formatPlan(plan: Plan): string {
  if (plan.kind === 'selector') return formatSelector(plan)
  return formatMetric(plan)
}

function formatSelector({ matchers, stages }: Selector): string {
  const head = `{${matchers.map(({ name, op, value }) => `${name}${op}${quoteText(value)}`).join(', ')}}`
  return [head, ...stages.map(formatStage)].join(' ')
}

function formatStage(stage: Stage): string {
  switch (stage.kind) {
    case 'lineFilter':
      return `${stage.op} ${stage.operands.map(formatOperand).join(' or ')}`
    case 'json':
      return ['| json', ...formatExtractions(stage.extractions)].join(' ')
    case 'logfmt': {
      const flags = [stage.isStrict ? '--strict' : '', stage.keepsEmpty ? '--keep-empty' : ''].filter(
        (flag) => flag !== '',
      )
      return ['| logfmt', ...flags, ...formatExtractions(stage.extractions)].join(' ')
    }
    case 'pattern':
    case 'regexp':
      return `| ${stage.kind} ${quoteText(stage.pattern)}`
    case 'unpack':
    case 'decolorize':
      return `| ${stage.kind}`
    case 'lineFormat':
      return `| line_format ${quoteText(stage.template)}`
    case 'labelFormat':
      return `| label_format ${stage.formats.map(formatLabelFormat).join(', ')}`
    case 'drop':
    case 'keep':
      return `| ${stage.kind} ${stage.choices.map(formatChoice).join(', ')}`
    case 'labelFilter':
      return `| ${formatFilter(stage.filter)}`
    default:
      return unreachable(stage)
  }
}

function formatOperand({ isIp, text }: LineOperand): string {
  return isIp ? `ip(${quoteText(text)})` : quoteText(text)
}

function formatExtractions(extractions: readonly Extraction[]): string[] {
  if (extractions.length === 0) return []
  return [extractions.map(({ name, path }) => (name === path ? name : `${name}=${quoteText(path)}`)).join(', ')]
}

function formatLabelFormat(format: LabelFormat): string {
  return `${format.name}=${format.kind === 'rename' ? format.from : quoteText(format.template)}`
}

function formatChoice({ name, matcher }: LabelChoice): string {
  return matcher === undefined ? name : `${name}${matcher.op}${quoteText(matcher.value)}`
}

function formatFilter(filter: LabelFilter): string {
  switch (filter.kind) {
    case 'and':
      return `${formatSide(filter.left, 'or')} and ${formatSide(filter.right, 'or', 'and')}`
    case 'or':
      return `${formatFilter(filter.left)} or ${formatSide(filter.right, 'or')}`
    case 'string':
      return `${filter.matcher.name}${filter.matcher.op}${quoteText(filter.matcher.value)}`
    case 'ip':
      return `${filter.name}${filter.isNegated ? '!=' : '='}ip(${quoteText(filter.pattern)})`
    case 'number':
      return `${filter.name} ${filter.op} ${formatNumber(filter.value)}`
    case 'duration':
      return `${filter.name} ${filter.op} ${formatQueryDuration(filter.value)}`
    case 'bytes':
      return `${filter.name} ${filter.op} ${filter.text}`
    default:
      return unreachable(filter)
  }
}

function formatSide(filter: LabelFilter, ...inParentheses: LabelFilter['kind'][]): string {
  const text = formatFilter(filter)
  return inParentheses.includes(filter.kind) ? `(${text})` : text
}

function formatMetric(plan: MetricPlan): string {
  switch (plan.kind) {
    case 'literal':
      return formatNumber(plan.value)
    case 'vector':
      return `vector(${formatNumber(plan.value)})`
    case 'rangeAggregation': {
      const parameter = plan.parameter === undefined ? '' : `${formatNumber(plan.parameter)}, `
      return `${plan.operation}(${parameter}${formatRange(plan.range)})${formatGrouping(plan.grouping)}`
    }
    case 'vectorAggregation': {
      const count = plan.count === undefined ? '' : `${plan.count}, `
      return `${plan.operation}${formatGrouping(plan.grouping)}(${count}${formatMetric(plan.input)})`
    }
    case 'labelReplace': {
      const texts = [plan.target, plan.replacement, plan.source, plan.pattern].map(quoteText)
      return `label_replace(${[formatMetric(plan.input), ...texts].join(', ')})`
    }
    case 'variants':
      return `variants(${plan.variants.map(formatMetric).join(', ')}) of (${formatRange(plan.range)})`
    case 'binary': {
      const { op, isBool, left, right, matching } = plan
      const operator = `${op}${isBool ? ' bool' : ''}${formatMatching(matching)}`
      // `^` leans right, the others left.
      const power = POWERS[op]
      const [leftPower, rightPower] = op === '^' ? [power + 1, power] : [power, power + 1]
      return `${formatLeg(left, leftPower)} ${operator} ${formatLeg(right, rightPower)}`
    }
    default:
      return unreachable(plan)
  }
}

function formatLeg(plan: MetricPlan, powerMin: number): string {
  const text = formatMetric(plan)
  return plan.kind === 'binary' && POWERS[plan.op] < powerMin ? `(${text})` : text
}

function formatGrouping(grouping: Grouping | undefined): string {
  if (grouping === undefined) return ''
  return ` ${grouping.isWithout ? 'without' : 'by'} (${grouping.names.join(', ')})`
}

function formatMatching(matching: Matching | undefined): string {
  if (matching === undefined) return ''
  const text = ` ${matching.isOn ? 'on' : 'ignoring'} (${matching.names.join(', ')})`
  if (matching.cardinality === 'one-to-one') return text
  const side = matching.cardinality === 'many-to-one' ? 'group_left' : 'group_right'
  return `${text} ${side} (${matching.include.join(', ')})`
}

function formatRange({ selector, unwrap, rangeNs, offsetNs }: LogRange): string {
  const offset = offsetNs === 0 ? '' : ` offset ${formatQueryDuration(offsetNs)}`
  return `${formatSelector(selector)}${formatUnwrap(unwrap)} [${formatQueryDuration(rangeNs)}]${offset}`
}

function formatUnwrap(unwrap: Unwrap | undefined): string {
  if (unwrap === undefined) return ''
  const { label, conversion, filters } = unwrap
  const value = conversion === 'number' ? label : `${conversion}(${label})`
  return [` | unwrap ${value}`, ...filters.map((filter) => `| ${formatFilter(filter)}`)].join(' ')
}
