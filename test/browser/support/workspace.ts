import type { TestServer } from '../../support/server.ts'
import { sendExceptions } from './exceptions.ts'
import { sendHistory } from './history.ts'
import { sendHosts } from './hosts.ts'
import { sendShopLines } from './logs.ts'
import { sendTraces } from './traces.ts'

/** Something for every screen: services with a fault and a deploy, traces, exceptions, hosts, lines. */
export async function sendWorkspace(server: TestServer, nowMs: number): Promise<void> {
  await Promise.all([
    sendHistory(server, nowMs),
    sendTraces(server),
    sendExceptions(server),
    sendHosts(server),
    sendShopLines(server),
  ])
}
