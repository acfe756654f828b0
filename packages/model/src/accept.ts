/** One media type that a caller takes. */
export interface AcceptedMedia {
  /** Lower case, without parameters. */
  readonly media: string
  /** By lower-case name; `q` is not among them. */
  readonly parameters: Readonly<Record<string, string>>
  /** 0 = not wanted. */
  readonly weight: number
}

/** What the header `Accept` names, in its order. Source: RFC 9110, 12.5.1. */
export function acceptedMedia(accept: string | undefined): AcceptedMedia[] {
  return (accept ?? '').split(',').map((text) => {
    const [media = '', ...pairs] = text.split(';').map((part) => part.trim())
    const parameters = Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf('=')
        return [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1).trim()]
      }),
    )
    const { q = '1', ...others } = parameters
    const weight = Number(q)
    return { media: media.toLowerCase(), parameters: others, weight: Number.isNaN(weight) ? 0 : weight }
  })
}
