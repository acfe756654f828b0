import type { RowLook } from '@vantage/model'
import type { Field, FieldExpression } from '../language/syntax.ts'

/** Fields that every scan gives. */
const STATE: ReadonlySet<string> = new Set([
  'duration',
  'status',
  'kind',
  'instrumentation:name',
  'instrumentation:version',
])

/**
 * What of spans is looked at for conditions and fields.
 * @param needsIds somebody else asks for ids
 */
export function lookOf(conditions: readonly FieldExpression[], fields: readonly Field[], needsIds: boolean): RowLook {
  const all = [...fields, ...conditions.flatMap(fieldsOf)]
  const intrinsics = all.flatMap((field) => (field.kind === 'intrinsic' && !STATE.has(field.name) ? [field.name] : []))
  const attributes = all.flatMap((field) => (field.kind === 'attribute' ? [field] : []))
  const isId = (name: string) => name === 'trace:id' || name === 'span:id' || name === 'span:parentID'
  return {
    line: intrinsics.includes('name') ? 'always' : 'never',
    severityText: 'never',
    ids: needsIds || intrinsics.some(isId),
    others:
      intrinsics.some((name) => name !== 'name' && !isId(name)) ||
      attributes.some(({ scope }) => scope === 'event' || scope === 'link'),
    attributes: attributes.map(({ name }) => name),
  }
}

function fieldsOf(expression: FieldExpression): Field[] {
  switch (expression.kind) {
    case 'static':
      return []
    case 'attribute':
    case 'intrinsic':
      return [expression]
    case 'unary':
    case 'exists':
      return fieldsOf(expression.operand)
    case 'binary':
      return [...fieldsOf(expression.left), ...fieldsOf(expression.right)]
  }
}
