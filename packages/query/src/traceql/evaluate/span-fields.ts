import type { Value } from '../value.ts'
import { readerOf } from './fields.ts'
import type { SpanView } from './span-view.ts'

const INTRINSICS = (['name', 'kind', 'status', 'statusMessage'] as const).map(
  (name) => [name, readerOf({ kind: 'intrinsic', isParent: false, name })] as const,
)

/** Visits all that tells spans apart by value: what each has, its own attributes, those of who sent it. */
export function forEachField(span: SpanView, visit: (name: string, value: Value) => void): void {
  for (const [name, read] of INTRINSICS) visit(name, read(span))
  for (const { key, value } of span.attributes) visit(`span.${key}`, value)
  for (const { key, value } of span.origin.resource) visit(`resource.${key}`, value)
}
