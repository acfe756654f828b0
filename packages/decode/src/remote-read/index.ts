export { REMOTE_READ_TYPE, readReadRequest, remoteReadAnswer } from './remote-read.ts'
