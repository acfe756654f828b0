export { type ReadForm, type ReadRequest, readReadRequest } from './request.ts'
export { SAMPLED_READ_TYPE, sampledReadAnswer } from './sampled.ts'
export { HISTOGRAMS_ARE_SAMPLED, STREAMED_READ_TYPE, streamedReadAnswer } from './streamed.ts'
