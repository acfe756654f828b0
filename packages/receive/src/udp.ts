import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Counter, Registry } from '@vantage/observe'
import type { Reception } from './reception.ts'
import { TenantRate } from './tenant-rate.ts'

/** What the kernel may keep for us while the loop is busy; it may allow less. */
const SOCKET_BUFFER_BYTES = 4 * 1_024 * 1_024
/** Datagrams of one source: more than one sender has to say. */
const SOURCE_RATE: SourceRate = { perSecond: 20_000, burst: 40_000 }

export interface SourceRate {
  readonly perSecond: number
  readonly burst: number
}

/** Counters of all doors without answers: made once a process. */
export class QuietCounts {
  readonly received: Counter
  readonly dropped: Counter

  constructor(registry: Registry) {
    this.received = registry.counter(
      'vantage_datagrams_total',
      'Datagrams and stream reads of doors without answers.',
      ['receiver'],
    )
    this.dropped = registry.counter(
      'vantage_quiet_dropped_total',
      'What doors without answers did not take, by reason (datagrams, lines, values).',
      ['receiver', 'reason'],
    )
  }
}

export interface QuietDoorOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly reception: Reception
  readonly counts: QuietCounts
  /** Absent: `SOURCE_RATE`. */
  readonly sourceRate?: SourceRate
}

export interface UdpOptions extends QuietDoorOptions {
  readonly receiver: string
  /** Borrowed until it returns. */
  readonly onDatagram: (bytes: Uint8Array) => void
}

export interface UdpListener {
  readonly port: number
  close(): Promise<void>
}

/**
 * Listens for datagrams and never answers. Dropped and counted: what comes while the server is not ready or short of
 * memory, and what one source sends beyond its rate. Rejects where the port cannot be bound.
 */
export async function openUdp(options: UdpOptions): Promise<UdpListener> {
  const socket = createSocket({
    type: isIPv6(options.host) ? 'udp6' : 'udp4',
    recvBufferSize: SOCKET_BUFFER_BYTES,
  })
  const { perSecond, burst } = options.sourceRate ?? SOURCE_RATE
  const rate = new TenantRate(perSecond, burst)
  socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
    const { receiver, reception, counts, onDatagram } = options
    counts.received.add(1, receiver)
    const reason = closedReason(reception) ?? overRate(rate, from.address, reception)
    if (reason === undefined) onDatagram(bytes)
    else counts.dropped.add(1, receiver, reason)
  })
  await bound(socket, options)
  // Errors of later sends come from nothing that we send; without a listener they would end the process.
  socket.on('error', (error) =>
    options.reception.logger.warnSparsely(options.receiver, 'a socket failed', { error: error.message }),
  )
  return { port: socket.address().port, close: () => new Promise((resolve) => socket.close(resolve)) }
}

/** Why nothing is taken now, undefined where it is. */
export function closedReason(reception: Reception): string | undefined {
  if (reception.phase() !== 'ready') return reception.phase()
  return reception.pressure() > 0 ? 'memory' : undefined
}

function overRate(rate: TenantRate, address: string, reception: Reception): string | undefined {
  return rate.take(address, reception.clock.monotonicMs()) === 0 ? undefined : 'source_rate'
}

function bound(socket: Socket, { host, port }: UdpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: host, port }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}
