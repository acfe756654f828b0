export { copyBytes } from './copy.ts'
export { crc32c } from './crc32c.ts'
export type { BytesFailure, BytesResult } from './failure.ts'
export { type InflateEncoding, Inflater } from './inflate.ts'
export {
  type Halves,
  JSON_DEPTH_MAX,
  JSON_TOKENS,
  JsonReader,
  type JsonToken,
  parseInt64,
  parseNumber,
} from './json-reader.ts'
export { NativeBuffer, type NativeMemory, nativeMemory, oneInBlock } from './native-memory.ts'
export { NodeFileSystem } from './node-file-system.ts'
export { ProtobufWriter } from './protobuf-writer.ts'
export { ReusableBuffer, SLOP_BYTES } from './reusable-buffer.ts'
export { snappyDecompress } from './snappy.ts'
export { snappyCompress, snappyMaxCompressedLength, snappyPackInto } from './snappy-pack.ts'
export { isUtf8Range, utf8Floor, utf8Text } from './utf8.ts'
export {
  ByteCursor,
  getUint32,
  getUint64,
  putUint32,
  putUint64,
  readFixed32,
  readFixed64,
  readVarint,
  readVarint64,
  readVarintSigned,
  readZigzag,
  unzigzag,
  varintLength,
  writeVarint,
  writeVarint64,
  writeVarintSigned,
  writeZigzag,
  zigzag,
} from './varint.ts'
