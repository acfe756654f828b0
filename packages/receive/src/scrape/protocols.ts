/**
 * Formats that a target may be asked for, by their names in `scrape_protocols`, with their media types.
 * Source: Prometheus documentation, "Configuration", `<scrape_config>`.
 */
const MEDIA_TYPES = {
  PrometheusProto: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0;escaping=allow-utf-8',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
} as const

export type ScrapeProtocol = keyof typeof MEDIA_TYPES

export const SCRAPE_PROTOCOLS = Object.keys(MEDIA_TYPES) as readonly ScrapeProtocol[]

/** What a job asks for that names none: text, as Prometheus does. */
export const TEXT_PROTOCOLS: readonly ScrapeProtocol[] = SCRAPE_PROTOCOLS.filter((name) => name !== 'PrometheusProto')

/** `Accept` of a scrape: the protocols in the order of preference, then anything. */
export function acceptOf(protocols: readonly ScrapeProtocol[]): string {
  let weight = SCRAPE_PROTOCOLS.length + 1
  const wanted = protocols.map((name) => `${MEDIA_TYPES[name]};q=0.${weight--}`)
  return [...wanted, `*/*;q=0.${weight}`].join(',')
}

export type ExpositionForm = 'protobuf' | 'openmetrics' | 'text'

/**
 * What an answer is in. Where the target does not say, or says something else, it is `fallback`.
 * Source: prometheus/prometheus model/textparse/interface.go.
 */
export function expositionForm(contentType: string, fallback: ScrapeProtocol | undefined): ExpositionForm {
  const media = (contentType.split(';', 1)[0] as string).trim().toLowerCase()
  if (media === 'application/vnd.google.protobuf') return 'protobuf'
  if (media === 'application/openmetrics-text') return 'openmetrics'
  if (media === 'text/plain' || fallback === undefined) return 'text'
  return expositionForm(MEDIA_TYPES[fallback], undefined)
}
