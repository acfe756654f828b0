import type { ServerFacts } from './queries.ts'
import type { ApiAnswer } from './route.ts'

/** The configuration as YAML: one line for each key, under its name with dots. */
export function configYaml(facts: Pick<ServerFacts, 'flags'>): ApiAnswer {
  const lines = Object.entries(facts.flags()).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
  return { contentType: 'text/plain; charset=utf-8', body: lines.join('') }
}
