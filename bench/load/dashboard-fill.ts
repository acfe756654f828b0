import { putOnDisk } from '../peers/disk.ts'
import type { RunningPeer } from '../peers/peer.ts'
import { DashboardLoad, type DashboardShape } from './dashboard-load.ts'
import { CONNECTIONS, Sender } from './sender.ts'

const DASHBOARD_SHAPE: DashboardShape = { hours: 18, days: 30 }
const QUICK_DASHBOARD_SHAPE: DashboardShape = { hours: 7, days: 1 }

/** Sends the data of the dashboard up to now, and has it written to disk; fails where the peer has not counted all of it. */
export async function fillDashboard(
  running: RunningPeer,
  isQuick: boolean,
  nowMs: number,
  note: (text: string) => void,
): Promise<{ samples: number; endMs: number }> {
  const load = new DashboardLoad(isQuick ? QUICK_DASHBOARD_SHAPE : DASHBOARD_SHAPE, nowMs, CONNECTIONS)
  const sender = new Sender(`${running.url}${running.peer.writePath}`)
  try {
    for (const requests of load.slices()) await sender.sendAll(requests)
  } finally {
    sender.close()
  }
  const accepted = await running.acceptedSamples()
  if (accepted !== load.samples) throw new Error(`${running.peer.name} took ${accepted} of ${load.samples} samples`)
  note(`${running.peer.name}: ${accepted} samples`)
  await putOnDisk(running)
  return { samples: load.samples, endMs: load.endMs }
}
