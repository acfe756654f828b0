import { join } from 'node:path'
import { type PeerName, type RunningPeer, sleep } from './peer.ts'
import { fileBytes } from './process-stats.ts'

/** Merging is over when the files have not changed for this long. */
const QUIET_MS = 6_000
const QUIET_TIMEOUT_MS = 120_000
const POLL_MS = 500

/** Brings what is in memory to disk, and lets the merges end. */
export function putOnDisk(running: RunningPeer, quietMs: number = QUIET_MS): Promise<void> {
  return PUT_ON_DISK[running.peer.name](running, quietMs)
}

const PUT_ON_DISK: Readonly<Record<PeerName, (running: RunningPeer, quietMs: number) => Promise<void>>> = {
  vantage: async (running, quietMs) => {
    await call(running, 'POST', '/api/vantage/v1/admin/seal')
    await untilQuiet(running, ['metrics', 'columns'], quietMs)
  },
  victoriametrics: async (running, quietMs) => {
    await call(running, 'GET', '/internal/force_flush')
    await call(running, 'GET', '/internal/force_merge')
    await untilQuiet(running, [''], quietMs)
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

async function untilQuiet(running: RunningPeer, folders: readonly string[], quietMs: number): Promise<void> {
  const deadlineMs = performance.now() + QUIET_TIMEOUT_MS
  let bytes = -1
  let sinceMs = performance.now()
  while (performance.now() < deadlineMs && performance.now() - sinceMs < quietMs) {
    const now = folders.reduce((sum, folder) => {
      return sum + fileBytes(join(running.directory, 'data', folder), (path) => !path.endsWith('-wal'))
    }, 0)
    if (now !== bytes) sinceMs = performance.now()
    bytes = now
    await sleep(POLL_MS)
  }
}
