import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDashboard } from './read-dashboard.ts'

const panel = {
  id: 'cpu',
  kind: 'time-series',
  title: 'CPU',
  place: { x: 0, y: 0, width: 12, height: 8 },
  queries: [{ text: 'up' }],
}
const document = { version: 1, id: 'host', title: 'Host', panels: [panel] }
const withPanel = (change: object) => ({ ...document, panels: [{ ...panel, ...change }] })
const stat = { ...panel, kind: 'stat' }

test('what is left out has its usual value', () => {
  expect(readDashboard(document)).toEqual({
    ok: true,
    value: {
      version: 1,
      id: 'host',
      title: 'Host',
      description: '',
      tags: [],
      variables: [],
      panels: [
        {
          ...panel,
          description: '',
          empty: '',
          unit: 'none',
          draw: 'line',
          queries: [{ language: 'promql', text: 'up', legend: '', tone: 'neutral' }],
        },
      ],
    },
  })
})

test('each kind has members of its own, and what was read is read again alike', () => {
  const at = (y: number) => ({ ...panel.place, y })
  const panels = [
    { ...panel, id: 'a', kind: 'gauge', place: at(0), thresholds: [{ from: 0.8, tone: 'warning' }] },
    { ...panel, id: 'b', kind: 'bars', place: at(8), rows: 5, max: 1 },
    { ...panel, id: 'c', kind: 'state-timeline', place: at(16), states: [{ from: 0, name: 'down', tone: 'critical' }] },
    { ...panel, id: 'd', kind: 'table', place: at(24), units: ['seconds'] },
    { ...panel, id: 'e', kind: 'logs', place: at(32), queries: [{ text: '{a="b"}' }] },
    { ...panel, id: 'f', kind: 'traces', place: at(40), queries: [{ text: '{}' }], rows: 20 },
    ...['heatmap', 'histogram', 'pie', 'stat'].map((kind, i) => ({ ...panel, id: kind, kind, place: at(48 + 8 * i) })),
  ]
  const read = readDashboard({ ...document, panels })
  expect(read.ok && read.value.panels.map(({ kind, queries }) => [kind, queries[0]?.language])).toEqual([
    ['gauge', 'promql'],
    ['bars', 'promql'],
    ['state-timeline', 'promql'],
    ['table', 'promql'],
    ['logs', 'logql'],
    ['traces', 'traceql'],
    ['heatmap', 'promql'],
    ['histogram', 'promql'],
    ['pie', 'promql'],
    ['stat', 'promql'],
  ])
  if (read.ok) expect(readDashboard(JSON.parse(JSON.stringify(read.value)))).toEqual(read)
})

describe('a document is refused', () => {
  const threshold = (...thresholds: object[]) => ({ ...document, panels: [{ ...stat, thresholds }] })
  const variable = (change: object) => {
    return { ...document, variables: [{ name: 'host', query: 'up', label: 'instance', ...change }] }
  }
  test.each<[string, unknown, string]>([
    ['that is none', 'x', 'dashboard: want an object, got "x"'],
    ['of another version', { ...document, version: 2 }, 'version: want 1, got 2'],
    [
      'with an id that is no address',
      { ...document, id: 'A b' },
      'id: want 1 to 64 small letters, digits and -, got "A b"',
    ],
    ['without a title', { ...document, title: ' ' }, 'title: want a text, got " "'],
    ['with half a pair', { ...document, title: '\ud800' }, 'title: want Unicode text, got "half of a surrogate pair"'],
    [
      'with a member that nobody knows',
      { ...document, owner: 'me' },
      'dashboard: want no other members than version, id, title, description, tags, variables, panels, got "owner"',
    ],
    ['with panels that are no list', { ...document, panels: {} }, 'panels: want a list, got an object'],
    [
      'with too many panels',
      { ...document, panels: Array(201).fill(panel) },
      'panels: want at most 200 entries, got 201',
    ],
    [
      'with an unknown kind',
      withPanel({ kind: 'chart' }),
      'panels[0].kind: want one of time-series, stat, gauge, bars, heatmap, histogram, pie, state-timeline, table, logs, traces, got "chart"',
    ],
    [
      'with a member of another kind',
      withPanel({ thresholds: [] }),
      'panels[0]: want no other members than id, kind, title, description, place, unit, queries, empty, draw, got "thresholds"',
    ],
    [
      'with a panel that leaves the grid',
      withPanel({ place: { x: 20, y: 0, width: 5, height: 1 } }),
      'panels[0].place.width: want a whole number from 1 to 4, got 5',
    ],
    ['without a query', withPanel({ queries: [] }), 'panels[0].queries: want at least one query, got "none"'],
    [
      'with a language of another kind',
      withPanel({ queries: [{ text: '{}', language: 'traceql' }] }),
      'panels[0].queries[0].language: want promql or logql, got "traceql"',
    ],
    [
      'with panels over each other',
      { ...document, panels: [panel, { ...panel, id: 'b', place: { x: 11, y: 7, width: 2, height: 2 } }] },
      'panels[1].place: want room of its own, got "room of panels[0]"',
    ],
    [
      'with one id twice',
      { ...document, panels: [panel, { ...panel, place: { x: 12, y: 0, width: 2, height: 2 } }] },
      'panels[1].id: want one that no other has, got "cpu"',
    ],
    [
      'with thresholds that go down',
      threshold({ from: 2, tone: 'ok' }, { from: 1, tone: 'critical' }),
      'panels[0].thresholds[1].from: want more than the one before, got 1',
    ],
    [
      'with a tone that is none',
      threshold({ from: 2, tone: 'red' }),
      'panels[0].thresholds[0].tone: want one of ok, warning, critical, neutral, got "red"',
    ],
    [
      'with states that are none',
      withPanel({ kind: 'state-timeline' }),
      'panels[0].states: want at least one state, got "none"',
    ],
    [
      'with a variable that queries own',
      variable({ name: 'step' }),
      'variables[0].name: want another name than window, step, range, got "step"',
    ],
    ['with a variable without a label', variable({ label: undefined }), 'variables[0].label: want a text, got none'],
  ])('%s', (_, given, message) => {
    expect(readDashboard(given)).toEqual({ ok: false, error: { code: 'bad_request', message } })
  })
})

test('whatever JSON comes, the answer is a document or a reason', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, one) => {
      expect(typeof readDashboard(value).ok).toBe('boolean')
      expect(readDashboard({ ...document, panels: [one] }).ok).toBe(false)
      expect(typeof readDashboard({ ...document, tags: value, variables: one }).ok).toBe('boolean')
    }),
  )
})
