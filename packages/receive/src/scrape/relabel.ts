import { createHash } from 'node:crypto'
import type { Pattern } from '@vantage/model'

/** What a rule does. Source: Prometheus configuration, `relabel_config`. */
export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const

export type RelabelAction = (typeof RELABEL_ACTIONS)[number]

/** One rule with every default filled in. */
export interface RelabelRule {
  readonly action: RelabelAction
  readonly sourceLabels: readonly string[]
  readonly separator: string
  readonly pattern: Pattern
  readonly modulus: number
  readonly targetLabel: string
  readonly replacement: string
}

export type LabelMap = Map<string, string>

/**
 * Applies the rules in their order to `labels`, in place.
 * @returns false where a rule drops the target or series
 */
export function relabel(labels: LabelMap, rules: readonly RelabelRule[]): boolean {
  for (const rule of rules) if (!applyRule(labels, rule)) return false
  return true
}

/** What one rule made of the labels. */
export interface RelabelStep {
  readonly rule: RelabelRule
  /** Empty once a rule dropped them. */
  readonly output: ReadonlyMap<string, string>
  readonly isKept: boolean
}

/** `relabel`, telling the labels after every rule; nothing follows a rule that drops them but its word. */
export function relabelSteps(labels: ReadonlyMap<string, string>, rules: readonly RelabelRule[]): RelabelStep[] {
  const changing: LabelMap = new Map(labels)
  let isKept = true
  return rules.map((rule) => {
    isKept = isKept && relabel(changing, [rule])
    return { rule, output: new Map(isKept ? changing : []), isKept }
  })
}

function applyRule(labels: LabelMap, rule: RelabelRule): boolean {
  const value = rule.sourceLabels.map((name) => labels.get(name) ?? '').join(rule.separator)
  switch (rule.action) {
    case 'drop':
      return !rule.pattern.matches(value)
    case 'keep':
      return rule.pattern.matches(value)
    case 'dropequal':
      return (labels.get(rule.targetLabel) ?? '') !== value
    case 'keepequal':
      return (labels.get(rule.targetLabel) ?? '') === value
    case 'replace':
      replace(labels, rule, value)
      return true
    case 'lowercase':
      setLabel(labels, rule.targetLabel, value.toLowerCase())
      return true
    case 'uppercase':
      setLabel(labels, rule.targetLabel, value.toUpperCase())
      return true
    case 'hashmod':
      setLabel(labels, rule.targetLabel, String(hashModulo(value, rule.modulus)))
      return true
    case 'labelmap':
      for (const [name, held] of [...labels]) {
        const mapped = rule.pattern.expand(name, [rule.replacement])?.[0]
        if (mapped !== undefined && mapped !== '') setLabel(labels, mapped, held)
      }
      return true
    case 'labeldrop':
      for (const name of [...labels.keys()]) if (rule.pattern.matches(name)) labels.delete(name)
      return true
    case 'labelkeep':
      for (const name of [...labels.keys()]) if (!rule.pattern.matches(name)) labels.delete(name)
      return true
  }
}

function replace(labels: LabelMap, rule: RelabelRule, value: string): void {
  const expanded = rule.pattern.expand(value, [rule.targetLabel, rule.replacement])
  if (expanded === undefined) return
  const [target, replacement] = expanded as [string, string]
  // A name that comes out empty names nothing.
  if (target !== '') setLabel(labels, target, replacement)
}

/** An empty value is an absent label. */
function setLabel(labels: LabelMap, name: string, value: string): void {
  if (value === '') labels.delete(name)
  else labels.set(name, value)
}

/** The low 64 bits of the MD5, so that shards fall as they do in Prometheus. */
function hashModulo(value: string, modulus: number): number {
  const digest = createHash('md5').update(value).digest()
  return Number(digest.readBigUInt64BE(8) % BigInt(modulus))
}
