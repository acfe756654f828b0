export { JSON_LINE_MAPPING, type JsonLineMapping } from './fields.ts'
export { JsonArrayTranscoder, JsonLinesTranscoder } from './transcode.ts'
