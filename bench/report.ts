import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import type { BenchReport, Table } from './bench-case.ts'
import { MIB } from './statistics.ts'

const RESULTS = join(import.meta.dirname, 'RESULTS.md')
const TITLE = `# Measured

Written by \`npm run bench -- NAME\`: each section is the last full run of that bench. CPU is that of the server process
with all its threads, from \`/proc/PID/stat\`. Compare only inside one section: its figures come from one run on one machine.
`

/** Columns padded, as Markdown and as plain text alike. */
export function formatTable({ title, rows }: Table): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const lines = rows.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`)
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  return `${title}:\n\n${lines.join('\n')}\n`
}

/** `Intel Xeon, 2 cores, 24105 MiB, Linux 6.1.0, load average 0.3 before the run`: above 1, others disturbed it. */
export function machineLine(): string {
  const all = cpus()
  const model = all[0]?.model.trim() ?? 'unknown CPU'
  const memoryMib = Math.round(totalmem() / MIB)
  return `${model}, ${all.length} cores, ${memoryMib} MiB, Linux ${release()}, load average ${loadText()} before the run`
}

/** Of the last minute. */
export function loadText(): string {
  return (loadavg()[0] ?? 0).toFixed(1)
}

export interface RunFacts {
  readonly name: string
  readonly question: string
  readonly command: string
  readonly versions: readonly string[]
  readonly whenIso: string
  readonly machine: string
}

/** One bench as a section of `RESULTS.md`. */
function formatSection(facts: RunFacts, report: BenchReport): string {
  const tables = report.tables.map(formatTable).join('\n')
  const remarks = report.remarks.map((remark) => `- ${remark}\n`).join('')
  const run = `\`${facts.command}\`, ${facts.whenIso}; ${facts.machine}; ${facts.versions.join('; ')}.`
  return `## ${facts.name}\n\n${facts.question}\n\n${tables}\n${remarks}\n${run}\n`
}

/** Puts a section in the place of the last one of this name, or behind all others. */
export function replaceSection(text: string, name: string, section: string): string {
  const sections = text.split(/^(?=## )/m)
  const at = sections.findIndex((one) => one.startsWith(`## ${name}\n`))
  const trimmed = sections.map((one) => `${one.trimEnd()}\n`)
  if (at < 0) trimmed.push(section)
  else trimmed[at] = section
  return trimmed.join('\n')
}

export function writeResults(facts: RunFacts, report: BenchReport): void {
  const text = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : TITLE
  writeFileSync(RESULTS, replaceSection(text, facts.name, formatSection(facts, report)))
}
