import { decodeHuffman } from './huffman.ts'

/** Header compression of HTTP/2, the reader. Source: RFC 7541. */

/** What we announce, which is also the default: SETTINGS_HEADER_TABLE_SIZE. */
const TABLE_BYTES_MAX = 4096
/** RFC 7541 section 4.1. */
const ENTRY_OVERHEAD_BYTES = 32
/** Larger integers mean nothing here. */
const INTEGER_MAX = 2 ** 28

/** RFC 7541 appendix A, from index 1 on: names, and values where there is one. */
const STATIC_TABLE: readonly (readonly [string, string])[] = (
  ':authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|' +
  ':status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|' +
  'accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|' +
  'content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|' +
  'cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|' +
  'last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|' +
  'server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
)
  .split('|')
  .map((entry) => {
    const [name, value] = entry.split('=')
    return [name as string, value ?? '']
  })

/** `overflow`: the list is longer than allowed; it was read to its end all the same, as the table must stay right. */
export type HpackOutcome = 'ok' | 'overflow' | 'bad'

/** Reads the header blocks of one connection, in their order. */
export class HpackDecoder {
  readonly #listBytesMax: number
  /** The dynamic table; the newest is last. */
  readonly #names: string[] = []
  readonly #values: string[] = []
  #tableBytes = 0
  #tableBytesMax = TABLE_BYTES_MAX
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #end = 0
  #isBad = false

  /** @param listBytesMax of one decoded list: names, values and 32 bytes each (SETTINGS_MAX_HEADER_LIST_SIZE) */
  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax
  }

  /** @param visit told of each field, in order, while the list is not too long */
  decode(bytes: Uint8Array, from: number, to: number, visit: (name: string, value: string) => void): HpackOutcome {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
    this.#isBad = false
    let listBytes = 0
    let hasField = false
    while (this.#at < this.#end) {
      const first = bytes[this.#at] as number
      if ((first & 0xe0) === 0x20) {
        // A change of size belongs before the fields.
        if (hasField || !this.#resize(this.#integer(5))) return 'bad'
        continue
      }
      hasField = true
      const field = this.#field(first)
      if (field === undefined) return 'bad'
      listBytes += field[0].length + field[1].length + ENTRY_OVERHEAD_BYTES
      if (listBytes <= this.#listBytesMax) visit(field[0], field[1])
    }
    return listBytes > this.#listBytesMax ? 'overflow' : 'ok'
  }

  #field(first: number): readonly [string, string] | undefined {
    if (first >= 0x80) return this.#entry(this.#integer(7))
    const isKept = (first & 0xc0) === 0x40
    const index = this.#integer(isKept ? 6 : 4)
    const name = index === 0 ? this.#text() : this.#entry(index)?.[0]
    const value = this.#text()
    if (this.#isBad || name === undefined || value === undefined) return undefined
    if (isKept) this.#add(name, value)
    return [name, value]
  }

  #entry(index: number): readonly [string, string] | undefined {
    if (this.#isBad || index === 0) return undefined
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1]
    const at = this.#names.length - (index - STATIC_TABLE.length)
    const name = this.#names[at]
    return name === undefined ? undefined : [name, this.#values[at] as string]
  }

  #add(name: string, value: string): void {
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES
    this.#evict(this.#tableBytesMax - bytes)
    // What is larger than the table empties it and stays out.
    if (bytes > this.#tableBytesMax) return
    this.#names.push(name)
    this.#values.push(value)
    this.#tableBytes += bytes
  }

  #resize(bytes: number): boolean {
    if (this.#isBad || bytes > TABLE_BYTES_MAX) return false
    this.#tableBytesMax = bytes
    this.#evict(bytes)
    return true
  }

  #evict(toBytes: number): void {
    while (this.#tableBytes > toBytes && this.#names.length > 0) {
      const name = this.#names.shift() as string
      const value = this.#values.shift() as string
      this.#tableBytes -= name.length + value.length + ENTRY_OVERHEAD_BYTES
    }
  }

  /** RFC 7541 section 5.1. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1
    let value = (this.#bytes[this.#at++] as number) & mask
    if (value < mask) return value
    for (let scale = 1; this.#at < this.#end; scale *= 128) {
      const byte = this.#bytes[this.#at++] as number
      value += (byte & 0x7f) * scale
      if (value > INTEGER_MAX) break
      if (byte < 0x80) return value
    }
    this.#isBad = true
    return 0
  }

  #text(): string | undefined {
    if (this.#isBad || this.#at >= this.#end) return undefined
    const isHuffman = (this.#bytes[this.#at] as number) >= 0x80
    const length = this.#integer(7)
    const from = this.#at
    if (this.#isBad || length > this.#end - from) return undefined
    this.#at += length
    if (isHuffman) return decodeHuffman(this.#bytes, from, this.#at)
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, length).toString('latin1')
  }
}

const NAME_BITS = 0x7f

/** A field as literal, not to be indexed, not Huffman-coded: small answers are not worth more. */
export function encodeField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), encodeText(name), encodeText(value)])
}

/** `:status: 200`, index 8 of the static table. */
export const STATUS_200 = Buffer.of(0x88)

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const head: number[] = []
  let rest = bytes.length
  if (rest < NAME_BITS) head.push(rest)
  else {
    head.push(NAME_BITS)
    for (rest -= NAME_BITS; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) | 128)
    head.push(rest)
  }
  return Buffer.concat([Buffer.from(head), bytes])
}
