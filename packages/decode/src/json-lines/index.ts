export { JSON_LINE_MAPPING, type JsonLineMapping } from './fields.ts'
export { JsonLinesTranscoder } from './transcode.ts'
