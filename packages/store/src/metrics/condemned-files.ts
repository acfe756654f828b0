import type { FileSystem } from '@vantage/model'
import type { PinEpochs } from './head/generation.ts'

/** Part files without a row, waiting for the queries that may still read them. */
export class CondemnedFiles {
  readonly #files: FileSystem
  readonly #directory: string
  readonly #pins: PinEpochs
  readonly #onProblem: (message: string) => void
  #waiting: { readonly fileName: string; readonly epoch: number }[] = []

  constructor(files: FileSystem, directory: string, pins: PinEpochs, onProblem: (message: string) => void) {
    this.#files = files
    this.#directory = directory
    this.#pins = pins
    this.#onProblem = onProblem
  }

  add(parts: readonly { readonly fileName: string }[]): void {
    for (const { fileName } of parts) this.#waiting.push({ fileName, epoch: this.#pins.current })
  }

  /** Removes files that no pinned query can still read. What fails is removed at the next start. */
  async removeFree(): Promise<void> {
    if (this.#waiting.length === 0) return
    const { oldest } = this.#pins
    const free = this.#waiting.filter((one) => one.epoch < oldest)
    this.#waiting = this.#waiting.filter((one) => one.epoch >= oldest)
    for (const { fileName } of free) {
      try {
        await this.#files.remove(`${this.#directory}/${fileName}`)
      } catch (error) {
        this.#onProblem(`part ${fileName} could not be removed: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
}
