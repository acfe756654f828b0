import type { Labels } from '@vantage/model'
import { ByteSink } from './byte-sink.ts'
import { SECTION } from './layout.ts'
import type { PartFile } from './part-file.ts'

/** Series in the order of their label sets. */
interface LabelInput {
  readonly seriesCount: number
  labels(series: number): Labels
}

/** Writes the sections of symbols, pairs and series. */
export function writeLabels(file: PartFile, input: LabelInput): void {
  const labels = new LabelDictionary(input)
  labels.write(file)
  labels.writeSeries(file, input)
}

/** Labels of all series as dictionaries; pairs are ordered by name, then value. */
class LabelDictionary {
  readonly #values = new Map<string, Map<string, number>>()

  constructor(input: LabelInput) {
    for (let series = 0; series < input.seriesCount; series++) this.#add(input.labels(series))
  }

  #add(labels: Labels): void {
    for (let i = 0; i < labels.length; i += 2) {
      const name = labels[i] as string
      let values = this.#values.get(name)
      if (values === undefined) {
        values = new Map()
        this.#values.set(name, values)
      }
      values.set(labels[i + 1] as string, 0)
    }
  }

  /** Numbers names and values, and writes the sections of symbols and pairs. */
  write(file: PartFile): void {
    const symbols = new Map<string, number>()
    const symbolOf = (text: string): number => {
      const known = symbols.get(text)
      if (known !== undefined) return known
      symbols.set(text, symbols.size)
      return symbols.size - 1
    }
    const names = [...this.#values.keys()].sort()
    const nameSymbols = new ByteSink()
    const counts = new ByteSink()
    const pairSymbols = new ByteSink()
    let pair = 0
    for (const name of names) {
      const values = this.#values.get(name) as Map<string, number>
      nameSymbols.varint(symbolOf(name))
      counts.varint(values.size)
      for (const value of [...values.keys()].sort()) {
        pairSymbols.varint(symbolOf(value))
        values.set(value, pair++)
      }
    }
    const lengths = new ByteSink()
    const texts = new ByteSink()
    for (const text of symbols.keys()) {
      const bytes = Buffer.from(text)
      lengths.varint(bytes.length)
      texts.raw(bytes)
    }
    file.addSection(SECTION.symbols, joined(symbols.size, [lengths, texts]))
    file.addSection(SECTION.pairs, joined(names.length, [nameSymbols, counts, pairSymbols]))
  }

  writeSeries(file: PartFile, input: LabelInput): void {
    const counts = new ByteSink()
    const pairs = new ByteSink()
    for (let series = 0; series < input.seriesCount; series++) {
      const labels = input.labels(series)
      counts.varint(labels.length / 2)
      for (let i = 0; i < labels.length; i += 2) {
        pairs.varint(this.#values.get(labels[i] as string)?.get(labels[i + 1] as string) as number)
      }
    }
    file.addSection(SECTION.series, joined(input.seriesCount, [counts, pairs]))
  }
}

function joined(count: number, columns: readonly ByteSink[]): Uint8Array {
  const out = new ByteSink()
  out.varint(count)
  for (const column of columns) out.raw(column.view())
  return out.view()
}
