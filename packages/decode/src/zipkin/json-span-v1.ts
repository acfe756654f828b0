import type { ZipkinEndpoint, ZipkinParts } from './span.ts'

/** What the second version says by `kind`: when a request left, arrived, was answered, when the answer arrived. */
const KINDS: Readonly<Record<string, number>> = { sr: 2, ss: 2, cs: 3, cr: 3, ms: 4, mr: 5 }
const BEGINS: ReadonlySet<string> = new Set(['sr', 'cs', 'ms', 'mr'])
/** Of the other side: server, client, broker. */
const ADDRESSES: ReadonlySet<string> = new Set(['sa', 'ca', 'ma'])
/** Names the component of a span that is no call. */
const LOCAL_COMPONENT = 'lc'

/** An annotation of the first version: with a time, or with a key. */
export interface NotedV1 {
  readonly key: string
  readonly timestampUs: bigint
  readonly value: string
  readonly endpoint: ZipkinEndpoint
}

type Told = Pick<ZipkinParts, 'kind' | 'timestampUs' | 'durationUs' | 'local' | 'remote' | 'annotations' | 'tags'>

const NOBODY: ZipkinEndpoint = { service: '', ip: '', port: 0 }

/**
 * What annotations of the first version say of a span, in the members of the second. Each side of a call sends a span of its
 * own, so the first annotation that tells a side tells whose span it is.
 * Source: openzipkin/zipkin-api zipkin-api.yaml, `Span`; openzipkin/zipkin V1SpanConverter.
 */
export function toldByNotes(
  annotations: readonly NotedV1[],
  binary: readonly NotedV1[],
  timestampUs: bigint | undefined,
  durationUs: bigint | undefined,
): Told {
  const side = annotations.find(({ value }) => KINDS[value] !== undefined)
  const kind = side === undefined ? 0 : (KINDS[side.value] as number)
  const ofKind = annotations.filter(({ value }) => KINDS[value] === kind)
  const begin = ofKind.find(({ value }) => BEGINS.has(value))?.timestampUs ?? 0n
  const end = ofKind.find(({ value }) => !BEGINS.has(value))?.timestampUs ?? 0n
  const isAddress = ({ key, value }: NotedV1): boolean => ADDRESSES.has(key) && (value === 'true' || value === '\u0001')
  const tags = binary.filter((one) => !isAddress(one))
  const known = [side, ...annotations, ...tags].find((one) => (one?.endpoint.service ?? '') !== '')
  return {
    kind,
    timestampUs: timestampUs === 0n ? begin : timestampUs,
    durationUs: durationUs === 0n && end > begin && begin > 0n ? end - begin : durationUs,
    local: known?.endpoint ?? NOBODY,
    remote: binary.find(isAddress)?.endpoint ?? NOBODY,
    annotations: annotations.filter(({ value }) => KINDS[value] === undefined),
    tags: tags
      .filter(({ key, value }) => key !== LOCAL_COMPONENT || value !== '')
      .map(({ key, value }) => [key, value] as const),
  }
}
