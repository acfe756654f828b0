import { systemClock } from '@vantage/model'
import { Logger, Registry } from '@vantage/observe'
import { Auth, openReception, RECEIVE_LIMITS, RecentRequests } from '@vantage/receive'
import { expect, test } from 'vitest'
import { loadConfig } from '../config/load.ts'
import { REPLAY_LIMITS } from './decoders.ts'
import { openQuietDoors } from './quiet-doors.ts'

/** The ports that were opened or found taken: both tell that the door was asked for. */
async function asked(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number[]> {
  const loaded = loadConfig(args, env)
  if (!loaded.ok) throw new Error(loaded.error)
  const lines: string[] = []
  const reception = openReception({
    submit: () => Promise.reject(new Error('nothing is sent')),
    codec: {
      partialSuccess: () => undefined,
      encodeExportResponse: () => new Uint8Array(0),
      exportResponseJson: () => '',
      encodeStatus: () => new Uint8Array(0),
      statusJson: () => '',
      isJsonBatch: () => false,
    },
    auth: new Auth({ keys: [] }),
    limits: RECEIVE_LIMITS,
    registry: new Registry(),
    logger: new Logger((line) => lines.push(line), systemClock),
    clock: systemClock,
    random: Math.random,
    phase: () => 'ready',
    pressure: () => 0,
    recent: new RecentRequests(),
  })
  const doors = await openQuietDoors(loaded.value, reception, REPLAY_LIMITS)
  const ports = [...doors.ports, ...lines.map((line) => Number(/"port":(\d+)/.exec(line)?.[1]))]
  await doors.close()
  return ports.sort()
}

const KEYS = { VANTAGE_AUTH_ENABLED: 'true', API_KEY: 'k'.repeat(32) }

test('closed unless configured; the usual ports with --compat, but only where nobody else can reach them', async () => {
  expect(await asked([])).toEqual([])
  expect(await asked(['--compat'])).toEqual([6831, 6832, 8089, 8125])
  expect(await asked(['--compat', '--listen', '0.0.0.0:0'], KEYS)).toEqual([])
})
