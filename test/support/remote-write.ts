import { snappyCompress } from '../../packages/bytes/src/index.ts'
import { encodeRemoteWrite, type SeriesToWrite } from '../../packages/decode/src/remote-write/index.ts'
import { labelsFromRecord } from '../../packages/model/src/index.ts'

/** One series of a remote-write request as tests write it: `[time in ms, value]` pairs. */
export function series(
  labels: Readonly<Record<string, string>>,
  samples: readonly (readonly [number, number])[],
): SeriesToWrite {
  return {
    labels: labelsFromRecord(labels),
    times: samples.map(([timeMs]) => timeMs),
    values: Float64Array.from(samples, ([, value]) => value),
  }
}

/** Sends one remote-write 1.0 request. @returns status and text of the answer */
export async function remoteWrite(
  url: string,
  all: readonly SeriesToWrite[],
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', ...headers },
    body: new Uint8Array(snappyCompress(encodeRemoteWrite(all))),
  })
  return { status: answer.status, text: await answer.text() }
}
