export { type Outcome, runScript } from './run.ts'
