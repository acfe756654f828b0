import { hexText } from '@vantage/model'
import { expect, test } from 'vitest'
import { parseLogql } from '../language/parser.ts'
import { pushedTraceId } from './pipeline.ts'

const ID = '0af7651916cd43dd8448eb211c80319c'

test.each([
  [`| trace_id="${ID}"`, ID],
  [`|= "x" | trace_id="${ID}"`, ID],
  [`| level="error" | trace_id="${ID}"`, ID],
  [`| level="error" and trace_id="${ID}"`, ID],
  [`| trace_id="${ID}" | json`, ID],
  [`| level="error" or trace_id="${ID}"`, undefined],
  // A parser may find such a label in lines.
  [`| json | trace_id="${ID}"`, undefined],
  [`| label_format trace_id=other | trace_id="${ID}"`, undefined],
  [`| trace_id!="${ID}"`, undefined],
  [`| trace_id=~"${ID}"`, undefined],
  [`| trace_id="${ID.toUpperCase()}"`, undefined],
  ['| trace_id="short"', undefined],
  ['', undefined],
])('rows of {…} %s are of the trace %s', (stages, want) => {
  const parsed = parseLogql(`{a="b"} ${stages}`)
  const plan = parsed.ok ? parsed.value : undefined
  expect(plan?.kind).toBe('selector')
  const found = plan?.kind === 'selector' ? pushedTraceId(plan.stages) : undefined
  expect(found && hexText(found, 0, 16)).toBe(want)
})
