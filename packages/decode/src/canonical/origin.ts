import { ProtobufWriter, utf8Text } from '@vantage/bytes'
import { decodeAttributes, encodeAttributes, NO_ORIGIN, type Origin } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'

/** Tags of an origin's fields; see FORMAT.md. */
const TAG = {
  resource: 0x0a,
  resourceDropped: 0x10,
  resourceSchema: 0x1a,
  scopeName: 0x22,
  scopeVersion: 0x2a,
  scope: 0x32,
  scopeDropped: 0x38,
  scopeSchema: 0x42,
  isLabels: 0x48,
} as const

export function encodeOrigin(origin: Origin): Uint8Array {
  const out = new ProtobufWriter()
  out.bytes(TAG.resource, encodeAttributes(origin.resource))
  out.varint(TAG.resourceDropped, origin.resourceDroppedCount)
  out.text(TAG.resourceSchema, origin.resourceSchemaUrl)
  out.text(TAG.scopeName, origin.scopeName)
  out.text(TAG.scopeVersion, origin.scopeVersion)
  out.bytes(TAG.scope, encodeAttributes(origin.scope))
  out.varint(TAG.scopeDropped, origin.scopeDroppedCount)
  out.text(TAG.scopeSchema, origin.scopeSchemaUrl)
  out.varint(TAG.isLabels, origin.kind === 'labels' ? 1 : 0)
  return out.finish()
}

export function decodeOrigin(bytes: Uint8Array, from: number, to: number): Origin {
  const found: { -readonly [Key in keyof Origin]: Origin[Key] } = { ...NO_ORIGIN }
  const field = new FieldCursor()
  field.reset(bytes, from, to)
  while (nextField(field)) {
    const text = () => utf8Text(bytes, field.from, field.to)
    if (field.tag === TAG.resource) found.resource = decodeAttributes(bytes, field.from, field.to)
    else if (field.tag === TAG.resourceDropped) found.resourceDroppedCount = fieldVarint(field)
    else if (field.tag === TAG.resourceSchema) found.resourceSchemaUrl = text()
    else if (field.tag === TAG.scopeName) found.scopeName = text()
    else if (field.tag === TAG.scopeVersion) found.scopeVersion = text()
    else if (field.tag === TAG.scope) found.scope = decodeAttributes(bytes, field.from, field.to)
    else if (field.tag === TAG.scopeDropped) found.scopeDroppedCount = fieldVarint(field)
    else if (field.tag === TAG.scopeSchema) found.scopeSchemaUrl = text()
    else if (field.tag === TAG.isLabels) found.kind = fieldVarint(field) === 1 ? 'labels' : 'resource'
  }
  return found
}
