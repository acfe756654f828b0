/** A resource attribute, or one of a span or a log record, as OTLP/JSON writes it. */
function attributeJson(key: string, value: string | number): unknown {
  if (typeof value === 'string') return { key, value: { stringValue: value } }
  return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }
}

export function attributesJson(record: Readonly<Record<string, string | number>>): unknown[] {
  return Object.entries(record).map(([key, value]) => attributeJson(key, value))
}

/** Sends one export request. @throws where it is not taken whole */
export async function exportJson(url: string, signal: 'traces' | 'logs' | 'metrics', body: object): Promise<void> {
  const answer = await fetch(`${url}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (answer.status !== 200 || text.includes('rejected')) throw new Error(`${signal}: ${answer.status} ${text}`)
}

/** `n` as an id of so many hex digits. */
export function idJson(n: number, digits: 16 | 32 = 16): string {
  return n.toString(16).padStart(digits, '0')
}
