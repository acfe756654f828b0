import { expect, test } from 'vitest'
import { checkAcceptance, type TestReport } from './check-acceptance.ts'

const REPORT: TestReport = {
  testResults: [
    {
      name: '/checkout/test/intake.test.ts',
      assertionResults: [
        { ancestorTitles: [], title: 'takes a batch', status: 'passed' },
        { ancestorTitles: ['limits'], title: 'refuses 1,001 items', status: 'passed' },
        { ancestorTitles: [], title: 'takes a | b', status: 'passed' },
        { ancestorTitles: [], title: 'is broken', status: 'failed' },
        { ancestorTitles: [], title: 'is left out', status: 'skipped' },
        { ancestorTitles: ['gzip'], title: 'each', status: 'passed' },
        { ancestorTitles: ['zstd'], title: 'each', status: 'failed' },
      ],
    },
  ],
}

const FIGURES = `# Measured

## live

What is it?

Frames:

| clients | peer    | frames/s | p50 / p99 ms |
| ------- | ------- | -------- | ------------ |
| 1       | vantage | 60.1     | 7.50 / 9.69  |
| 10      | vantage | 59.0     | 10.2 / 12.0  |
| 10      | other   | -        | 30           |

- A remark.

## ingest

| peer    | k/s  |
| ------- | ---- |
| vantage | 1648 |
`

const HEADER = ['| id | promise | proof |', '| --- | --- | --- |']

function check(...rows: string[]): string[] {
  const complaints = checkAcceptance({
    table: [...HEADER, ...rows].join('\n'),
    report: REPORT,
    knownIds: new Set(['ING-001', 'ING-002']),
    hasPicture: (path) => path === 'docs/pictures/live.png',
    figures: FIGURES,
    root: '/checkout',
  })
  return complaints.map((text) => text.replace('docs/acceptance.md:', ''))
}

const CASES: readonly (readonly [rows: readonly string[], complaints: readonly string[]])[] = [
  [['| ING-001 | batch | `test/intake.test.ts › takes a batch` |'], []],
  [['| ING-001 | limit of `metrics` | `test/intake.test.ts › refuses 1,001 items` |'], []],
  [['| ING-001 | limit | `test/intake.test.ts › limits › refuses 1,001 items` |'], []],
  [['| ING-001 | `a \\| b` | `test/intake.test.ts › takes a \\| b` |'], []],
  [['| ING-001 | live | `docs/pictures/live.png` |'], []],
  [['| ING-001 | live | `docs/pictures/live.png`, `test/intake.test.ts › takes a batch` |'], []],
  [['| ING-001 | live | `docs/pictures/none.png` |'], ['3 ING-001: the picture docs/pictures/none.png is missing']],
  [
    ['| ING-001 | x | `test/intake.test.ts › was renamed` |'],
    ['3 ING-001: `test/intake.test.ts › was renamed` did not run'],
  ],
  [
    ['| ING-001 | x | `test/other.test.ts › takes a batch` |'],
    ['3 ING-001: `test/other.test.ts › takes a batch` did not run'],
  ],
  [
    ['| ING-001 | x | `test/intake.test.ts › is broken` |'],
    ['3 ING-001: `test/intake.test.ts › is broken` ended as failed'],
  ],
  [
    ['| ING-001 | x | `test/intake.test.ts › is left out` |'],
    ['3 ING-001: `test/intake.test.ts › is left out` ended as skipped'],
  ],
  [['| ING-001 | x | `test/intake.test.ts › each` |'], ['3 ING-001: `test/intake.test.ts › each` ended as failed']],
  [['| ING-001 | x | `test/intake.test.ts › gzip › each` |'], []],
  [
    ['| ING-001 | x | `test/intake.test.ts` |'],
    ['3 ING-001: want `test file › title` or a picture, got `test/intake.test.ts`'],
  ],
  [['| ING-001 | x | seen by eye |'], ['3 ING-001: names no test and no picture']],
  [['| ING-999 | x | `test/intake.test.ts › takes a batch` |'], ['3 ING-999: is no known id']],
  [
    ['| ING-001 | x | `docs/pictures/live.png` |', '| ING-001 | x | `docs/pictures/live.png` |'],
    ['4 ING-001: stands here twice'],
  ],
  [['| ING-001 | x | `bench/RESULTS.md › ingest › vantage › k/s ≥ 1000` |'], []],
  [['| ING-001 | x | `bench/RESULTS.md › live › 1, vantage › p50 / p99 ms ≤ 9.69` |'], []],
  [['| ING-001 | x | `bench/RESULTS.md › live › 10, v › frames/s ≥ 59`, `docs/pictures/live.png` |'], []],
  [
    ['| ING-001 | x | `bench/RESULTS.md › live › 1, vantage › p50 / p99 ms ≤ 9.6` |'],
    ['3 ING-001: p50 / p99 ms ≤ 9.6: was “7.50 / 9.69” in live, 1, vantage'],
  ],
  [
    ['| ING-001 | x | `bench/RESULTS.md › live › 1 › frames/s ≥ 60` |'],
    ['3 ING-001: frames/s ≥ 60: was “59.0” in live, 1'],
  ],
  [
    ['| ING-001 | x | `bench/RESULTS.md › live › 10, other › frames/s ≥ 1` |'],
    ['3 ING-001: frames/s ≥ 1: was “-” in live, 10, other'],
  ],
  [
    ['| ING-001 | x | `bench/RESULTS.md › live › 1 › frames ≥ 1` |'],
    ['3 ING-001: no row that begins with “1” has a column “frames” in live'],
  ],
  [['| ING-001 | x | `bench/RESULTS.md › none › 1 › frames/s ≥ 1` |'], ['3 ING-001: no section none in the results']],
  [
    ['| ING-001 | x | `bench/RESULTS.md › live › 1 › frames/s` |'],
    ['3 ING-001: want `section › row › column ≤ number`, got `live › 1 › frames/s`'],
  ],
  [[], [' no promises']],
]

test.each(CASES)('%j: %j', (rows, complaints) => {
  expect(check(...rows)).toEqual(complaints)
})
