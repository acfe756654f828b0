import type { ScrapeProtocol } from './protocols.ts'
import type { RelabelRule } from './relabel.ts'

/** Targets that share labels, as every discovery gives them. Source: Prometheus, `<static_config>`. */
export interface TargetGroup {
  /** Where it comes from; a later group of the same source replaces it. */
  readonly source: string
  /** Label sets of the targets: `__address__` at least. */
  readonly targets: readonly ReadonlyMap<string, string>[]
  readonly labels: ReadonlyMap<string, string>
}

export type Discovery =
  | { readonly kind: 'static'; readonly groups: readonly TargetGroup[] }
  | { readonly kind: 'file'; readonly files: readonly string[]; readonly refreshMs: number }
  | { readonly kind: 'http'; readonly url: string; readonly refreshMs: number; readonly access: Access }
  | {
      readonly kind: 'dns'
      readonly names: readonly string[]
      readonly type: 'SRV' | 'A' | 'AAAA' | 'MX' | 'NS'
      readonly port: number
      readonly refreshMs: number
    }

/** How a scrape or a discovery proves who it is. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>
  readonly followsRedirects: boolean
  readonly verifiesTls: boolean
  /** PEM of the authorities to trust besides the usual ones. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly serverName?: string
}

/** One `scrape_config` with every default filled in. */
export interface ScrapeJob {
  readonly name: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly path: string
  readonly scheme: 'http' | 'https'
  readonly params: ReadonlyMap<string, readonly string[]>
  readonly honorsLabels: boolean
  readonly honorsTimestamps: boolean
  /** Series whose samples bring their own time become stale too when they vanish. */
  readonly tracksTimestampsStaleness: boolean
  /** What the target is asked for, most wanted first. */
  readonly protocols: readonly ScrapeProtocol[]
  /** What an answer is in that does not say so. */
  readonly fallbackProtocol: ScrapeProtocol | undefined
  /** What becomes of histograms with native buckets (protobuf only). */
  readonly histograms: 'native' | 'classic' | 'both'
  readonly access: Access
  readonly discoveries: readonly Discovery[]
  readonly relabelRules: readonly RelabelRule[]
  readonly metricRelabelRules: readonly RelabelRule[]
  /** Samples of one scrape after relabelling; one more fails it. 0 = only `scrape.maxSamples` bounds it. */
  readonly sampleLimit: number
  readonly bodyBytesMax: number
  readonly labelLimit: number
}
