/**
 * The Huffman code of HPACK. Source: RFC 7541 appendix B. The code is canonical: the lengths of its 257 symbols (256 is
 * the end of a string) say all of it.
 */

const RUNS =
  '13 23 28*7 24 30 28*2 30 28*8 30 28*9 6 10*2 12 13 6 8 11 10*2 8 11 8 6*3 5*3 6*7 7 8 15 6 12 10 13 6 7*22 8 7 8 13 ' +
  '19 13 14 6 15 5 6 5 6 5 6*3 5 7*2 6*3 5 6 7 6 5*2 6 7*5 15 11 14 13 28 20 22 20*2 22*3 23 22 23*5 24 23 24*2 22 23 ' +
  '24 23*4 21 22 23 22 23*2 24 22 21 20 22*2 23*2 21 23 22*2 24 21 22 23*2 21*2 22 21 23 22 23*2 20 22*3 23 22*2 23 ' +
  '26*2 20 19 22 23 22 25 26*3 27*2 26 24 25 19 21 26 27*2 26 27 24 21*2 26*2 28 27*3 20 24 20 21 22 21*2 23 22*2 25*2 ' +
  '24*2 26 23 26 27 26*2 27*5 28 27*5 26 30'

const END_OF_STRING = 256
/** Padding is the first bits of the end symbol, all ones, and less than a byte. */
const PADDING_BITS_MAX = 7

function codeLengths(): number[] {
  return RUNS.split(' ').flatMap((run) => {
    const [bits, times] = run.split('*')
    return new Array<number>(Number(times ?? 1)).fill(Number(bits))
  })
}

/** Two entries a node: where a 0 and where a 1 leads; ≥ 0 a node, else −1 − symbol. Node 0 is the root, and "nowhere". */
const TREE = buildTree()

function buildTree(): Int16Array {
  const lengths = codeLengths()
  const symbols = lengths.map((_, symbol) => symbol).sort((a, b) => bitsOf(a) - bitsOf(b) || a - b)
  const tree = new Int16Array(1024)
  let nodes = 1
  let code = 0
  let bits = 0
  function bitsOf(symbol: number): number {
    return lengths[symbol] as number
  }
  for (const symbol of symbols) {
    code *= 2 ** (bitsOf(symbol) - bits)
    bits = bitsOf(symbol)
    let node = 0
    for (let i = bits - 1; i > 0; i--) {
      const edge = node * 2 + (Math.floor(code / 2 ** i) & 1)
      if (tree[edge] === 0) tree[edge] = nodes++
      node = tree[edge] as number
    }
    tree[node * 2 + (code & 1)] = -1 - symbol
    code++
  }
  return tree
}

/** @returns the text, one character a byte; undefined where the bits are no code */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  let text = ''
  let node = 0
  let pending = 0
  let areOnes = true
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number
    for (let bit = 7; bit >= 0; bit--) {
      const one = (byte >>> bit) & 1
      const next = TREE[node * 2 + one] as number
      pending++
      areOnes &&= one === 1
      if (next > 0) {
        node = next
        continue
      }
      const symbol = -1 - next
      if (next === 0 || symbol === END_OF_STRING) return undefined
      text += String.fromCharCode(symbol)
      node = 0
      pending = 0
      areOnes = true
    }
  }
  return pending <= PADDING_BITS_MAX && areOnes ? text : undefined
}
