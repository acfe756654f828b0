/** One sample of a series as the query API states it. */
export interface QueriedPoint {
  readonly labels: Readonly<Record<string, string>>
  readonly timeMs: number
  /** As sent: the shortest text of the double; of a native histogram `count/sum`. */
  readonly value: string
}

interface Matrix {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly values?: readonly (readonly [number, string])[]
      readonly histograms?: readonly (readonly [number, { readonly count: string; readonly sum: string }])[]
    }[]
  }
}

/**
 * Asks `/api/v1/query` for raw samples: `selector` is an instant selector, the range is `rangeMinutes` up to `atMs`.
 * Throws where the answer is not 200.
 */
export async function rawPoints(
  url: string,
  selector: string,
  atMs: number,
  rangeMinutes = 10,
): Promise<QueriedPoint[]> {
  const query = new URLSearchParams({ query: `${selector}[${rangeMinutes}m]`, time: String(atMs / 1_000) })
  const answer = await fetch(`${url}/api/v1/query?${query}`)
  if (answer.status !== 200) throw new Error(`query ${selector}: ${answer.status} ${await answer.text()}`)
  const { data } = (await answer.json()) as Matrix
  return data.result.flatMap(({ metric, values = [], histograms = [] }) => {
    const totals = histograms.map(([seconds, { count, sum }]) => [seconds, `${count}/${sum}`] as const)
    return [...values, ...totals].map(([seconds, value]) => {
      return { labels: metric, timeMs: Math.round(seconds * 1_000), value }
    })
  })
}

/** `name{a="b"} value @timeMs`, labels by name. */
export function pointText({ labels, timeMs, value }: QueriedPoint): string {
  const { __name__: name = '', ...rest } = labels
  const pairs = Object.keys(rest)
    .sort()
    .map((key) => `${key}="${rest[key]}"`)
  return `${name}{${pairs.join()}} ${value} @${timeMs}`
}
