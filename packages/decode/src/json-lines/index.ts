export { JSON_LINE_MAPPING, type JsonLineMapping, jsonFields, readJsonLine } from './fields.ts'
export { JsonArrayTranscoder, JsonLinesTranscoder } from './transcode.ts'
