import interUrl from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'
import { LiveEngine } from './live-engine.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** The parts of a dedicated worker's global that are used here; the page's types do not know it. */
interface WorkerScope {
  readonly fonts: FontFaceSet
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
  postMessage(message: FromWorker): void
}

const scope = globalThis as unknown as WorkerScope
const engine = new LiveEngine((message) => scope.postMessage(message))
scope.onmessage = ({ data }) => engine.receive(data)

// The page's fonts are not known here, nor its style of digits; the file is the same one, and in the browser's cache.
const font = new FontFace('Inter Variable', `url("${new URL(interUrl, import.meta.url)}")`, {
  weight: '100 900',
  featureSettings: '"tnum"',
})
scope.fonts.add(font)
void font.load().then(() => engine.redraw())
