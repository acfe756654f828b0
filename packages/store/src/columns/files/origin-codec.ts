import { decodeAttributes, encodeAttributes, type Origin } from '@vantage/model'

/**
 * An origin as bytes, as files keep it:
 *
 *     kind (u8: 0 resource, 1 labels), dropped counts of resource and scope (u32 each),
 *     then 6 × (length u32, bytes): resource attributes, resource schema, scope name, scope version,
 *     scope attributes, scope schema. Little-endian; attributes as `attribute-codec.ts` of model writes them.
 */
export function encodeOrigin(origin: Origin): Uint8Array {
  const parts = [
    encodeAttributes(origin.resource),
    Buffer.from(origin.resourceSchemaUrl),
    Buffer.from(origin.scopeName),
    Buffer.from(origin.scopeVersion),
    encodeAttributes(origin.scope),
    Buffer.from(origin.scopeSchemaUrl),
  ]
  const out = Buffer.alloc(9 + parts.reduce((sum, part) => sum + 4 + part.length, 0))
  out[0] = origin.kind === 'labels' ? 1 : 0
  out.writeUInt32LE(origin.resourceDroppedCount >>> 0, 1)
  out.writeUInt32LE(origin.scopeDroppedCount >>> 0, 5)
  let at = 9
  for (const part of parts) {
    at = out.writeUInt32LE(part.length, at)
    out.set(part, at)
    at += part.length
  }
  return out
}

/** The inverse of `encodeOrigin`, of bytes that were checked. */
export function decodeOrigin(bytes: Uint8Array): Origin {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Buffer[] = []
  for (let at = 9; at < buffer.length; ) {
    const length = buffer.readUInt32LE(at)
    parts.push(buffer.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  const [resource, resourceSchemaUrl, scopeName, scopeVersion, scope, scopeSchemaUrl] = parts as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ]
  return {
    resource: decodeAttributes(resource, 0, resource.length),
    resourceDroppedCount: buffer.readUInt32LE(1),
    resourceSchemaUrl: resourceSchemaUrl.toString(),
    scopeName: scopeName.toString(),
    scopeVersion: scopeVersion.toString(),
    scope: decodeAttributes(scope, 0, scope.length),
    scopeDroppedCount: buffer.readUInt32LE(5),
    scopeSchemaUrl: scopeSchemaUrl.toString(),
    kind: buffer[0] === 1 ? 'labels' : 'resource',
  }
}
