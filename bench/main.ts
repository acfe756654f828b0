/**
 * Whole-system loads: Vantage, and where they do the same, Debian's VictoriaMetrics and Prometheus, same input, same run.
 *
 *   npm run bench -- NAME [--quick] [--json] [--only PEER,…]
 *
 * A full run writes its section of `bench/RESULTS.md`; `--quick` (under a minute) and `--only` print alone. `--json`
 * prints one JSON object as the last line. Programs: VICTORIA_METRICS_BIN, PROMETHEUS_BIN, or from PATH;
 * VANTAGE_SERVER names a built server instead of the source.
 */
import { parseArgs } from 'node:util'
import type { BenchCase } from './bench-case.ts'
import { cardinality } from './cases/cardinality.ts'
import { ingest } from './cases/ingest.ts'
import { live } from './cases/live.ts'
import { logs } from './cases/logs.ts'
import { mixed } from './cases/mixed.ts'
import { query } from './cases/query.ts'
import { spans } from './cases/spans.ts'
import { startup } from './cases/startup.ts'
import { storage } from './cases/storage.ts'
import { ui } from './cases/ui.ts'
import { isPeerName, peerVersions } from './peers/peers.ts'
import { formatTable, loadText, machineLine, type RunFacts, writeResults } from './report.ts'

const CASES: Readonly<Record<string, BenchCase>> = {
  ...{ ingest, storage, cardinality, query, startup, mixed, live },
  ...{ logs, spans, ui },
}
const USAGE = 'usage: npm run bench -- NAME [--quick] [--json] [--only PEER,…]'

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
    },
  })
  const [name = ''] = positionals
  const bench = Object.hasOwn(CASES, name) ? CASES[name] : undefined
  const only = values.only.split(',').filter((one) => one !== '')
  if (bench === undefined || !only.every(isPeerName)) {
    console.error(`${USAGE}\nwant one of ${Object.keys(CASES).join(', ')}; got ${JSON.stringify(name)}`)
    return 1
  }
  const isPartial = values.quick || only.length > 0
  const facts: RunFacts = {
    name,
    question: bench.question,
    command: `npm run bench -- ${name}`,
    versions: peerVersions(),
    whenIso: new Date().toISOString(),
    machine: machineLine(),
  }
  const report = await bench.run({ isQuick: values.quick, only, note: (text) => console.error(text) })
  for (const table of report.tables) console.log(formatTable(table))
  for (const remark of report.remarks) console.log(`- ${remark}`)
  if (!isPartial) writeResults({ ...facts, machine: `${facts.machine}, ${loadText()} at its end` }, report)
  const { machine, versions, whenIso } = facts
  if (values.json) {
    console.log(JSON.stringify({ bench: name, quick: values.quick, machine, versions, whenIso, ...report.figures }))
  }
  return 0
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main()
