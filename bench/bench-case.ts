import type { PeerName } from './peers/peer.ts'

export interface BenchOptions {
  /** Smaller inputs and shorter phases, so that the whole case ends within a minute. */
  readonly isQuick: boolean
  /** Only these peers; all that are installed where empty. */
  readonly only: readonly PeerName[]
  /** Says what goes on, to stderr. */
  readonly note: (text: string) => void
}

/** Rows of text under headings; the first row are the headings. */
export interface Table {
  readonly title: string
  readonly rows: readonly (readonly string[])[]
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export interface BenchReport {
  readonly tables: readonly Table[]
  /** What `--json` prints on the last line. */
  readonly figures: { readonly [key: string]: Json }
  /** What the reader must know to judge the figures. */
  readonly remarks: readonly string[]
}

/** A whole-system load. Adding one is a file in `cases/` and a line in `main.ts`. */
export interface BenchCase {
  /** The question it answers. */
  readonly question: string
  run(options: BenchOptions): Promise<BenchReport>
}
