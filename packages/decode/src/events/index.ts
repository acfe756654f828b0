export { type ChangeEvent, pushOfEvents, readChangeEvents } from './change-event.ts'
