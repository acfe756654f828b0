import { join } from 'node:path'
import { type PeerName, type RunningPeer, sleep } from './peer.ts'
import { fileBytes } from './process-stats.ts'

/** Merging is over when the files have not changed for this long. */
const QUIET_MS = 6_000
const QUIET_TIMEOUT_MS = 120_000
const POLL_MS = 500

/** Brings what is in memory to disk, and lets the merges end. */
export function putOnDisk(running: RunningPeer): Promise<void> {
  return PUT_ON_DISK[running.peer.name](running)
}

const PUT_ON_DISK: Readonly<Record<PeerName, (running: RunningPeer) => Promise<void>>> = {
  vantage: async (running) => {
    await call(running, 'POST', '/api/vantage/v1/admin/seal')
    await untilQuiet(running, ['metrics', 'columns'])
  },
  victoriametrics: async (running) => {
    await call(running, 'GET', '/internal/force_flush')
    await call(running, 'GET', '/internal/force_merge')
    await untilQuiet(running, [''])
  },
  prometheus: async (running) => {
    await call(running, 'POST', '/api/v1/admin/tsdb/snapshot')
  },
}

async function call(running: RunningPeer, method: string, path: string): Promise<void> {
  const answer = await fetch(`${running.url}${path}`, { method })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`)
}

async function untilQuiet(running: RunningPeer, folders: readonly string[]): Promise<void> {
  const deadlineMs = performance.now() + QUIET_TIMEOUT_MS
  let bytes = -1
  let sinceMs = performance.now()
  while (performance.now() < deadlineMs && performance.now() - sinceMs < QUIET_MS) {
    const now = folders.reduce((sum, folder) => {
      return sum + fileBytes(join(running.directory, 'data', folder), (path) => !path.endsWith('-wal'))
    }, 0)
    if (now !== bytes) sinceMs = performance.now()
    bytes = now
    await sleep(POLL_MS)
  }
}
