import { printField } from '../language/print.ts'
import type { Field, FieldExpression, Scalar, Spanset, Stage } from '../language/syntax.ts'

/** Fields that a query speaks of, each once. */
export function fieldsOf(stages: readonly Stage[]): Field[] {
  const fields = new Map<string, Field>()
  for (const stage of stages) ofStage(stage, (field) => void fields.set(printField(field), field))
  return [...fields.values()]
}

/** What an answer shows of its spans beside name, start and duration. */
export function shownFields(stages: readonly Stage[]): Field[] {
  return fieldsOf(stages).filter(
    (field) => field.kind !== 'intrinsic' || field.isParent || !ALWAYS_SHOWN.has(field.name),
  )
}

const ALWAYS_SHOWN: ReadonlySet<string> = new Set(['duration', 'name', 'span:id', 'trace:id'])

type Add = (field: Field) => void

function ofStage(stage: Stage, add: Add): void {
  switch (stage.kind) {
    case 'scalar-filter':
      ofScalar(stage.left, add)
      ofScalar(stage.right, add)
      return
    case 'group':
      ofExpression(stage.by, add)
      return
    case 'select':
      for (const field of stage.fields) add(field)
      return
    case 'coalesce':
      return
    default:
      ofSpanset(stage, add)
  }
}

function ofSpanset(spanset: Spanset, add: Add): void {
  switch (spanset.kind) {
    case 'filter':
      ofExpression(spanset.condition, add)
      return
    case 'relation':
      ofSpanset(spanset.left, add)
      ofSpanset(spanset.right, add)
      return
    case 'pipeline':
      for (const stage of spanset.stages) ofStage(stage, add)
  }
}

function ofScalar(scalar: Scalar, add: Add): void {
  switch (scalar.kind) {
    case 'static':
      return
    case 'aggregate':
      if (scalar.of !== undefined) ofExpression(scalar.of, add)
      return
    case 'scalar-math':
      ofScalar(scalar.left, add)
      ofScalar(scalar.right, add)
      return
    case 'scalar-pipeline':
      for (const stage of scalar.stages) ofStage(stage, add)
      ofScalar(scalar.aggregate, add)
  }
}

function ofExpression(expression: FieldExpression, add: Add): void {
  switch (expression.kind) {
    case 'static':
      return
    case 'attribute':
    case 'intrinsic':
      add(expression)
      return
    case 'unary':
    case 'exists':
      ofExpression(expression.operand, add)
      return
    case 'binary':
      ofExpression(expression.left, add)
      ofExpression(expression.right, add)
  }
}
