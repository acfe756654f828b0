export { crc32c } from './crc32c.ts'
export { NodeFileSystem } from './node-file-system.ts'
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
  varintLength,
  writeVarint,
  writeVarint64,
  writeVarintSigned,
  writeZigzag,
} from './varint.ts'
