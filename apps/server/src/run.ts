import { LogOpenError } from '@vantage/log'
import { systemClock } from '@vantage/model'
import { Logger } from '@vantage/observe'
import { EXIT_CONFIG, type LoadedConfig, loadConfig } from './config/load.ts'
import { MappingFileError } from './intake/quiet-doors.ts'
import { PortTakenError } from './listen.ts'
import { ScrapeConfigError } from './scrape/scraping.ts'
import { Server, StoreOpenError } from './server.ts'

/** Exit codes: a bug or a failed disk; the data cannot be opened (newer format, taken lock). */
const EXIT_FAILED = 1
const EXIT_DATA = 3
const DRAIN_MAX_MS = 30_000

/** Reads the configuration and runs the product until a signal ends it. */
export async function start(): Promise<void> {
  const loaded = loadConfig(process.argv.slice(2), process.env)
  if (!loaded.ok) {
    process.stderr.write(`vantage: ${loaded.error}\n`)
    process.exit(EXIT_CONFIG)
  }
  await runServer(loaded.value)
}

async function runServer(loaded: LoadedConfig): Promise<void> {
  const logger = new Logger((line) => process.stderr.write(line), systemClock, loaded.config.log.level)
  const die = (message: string, error: unknown): never => {
    logger.error(message, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    process.exit(EXIT_FAILED)
  }
  process.on('uncaughtException', (error) => die('uncaught exception', error))
  process.on('unhandledRejection', (error) => die('unhandled rejection', error))
  const server = new Server(loaded, logger, (error) => die('the log failed; the acknowledged data is on disk', error))
  handleSignals(server, logger)
  try {
    await server.start()
  } catch (error) {
    if (error instanceof LogOpenError || error instanceof StoreOpenError) {
      logger.error(error.message)
      process.exit(EXIT_DATA)
    }
    if (error instanceof PortTakenError || error instanceof ScrapeConfigError || error instanceof MappingFileError) {
      logger.error(error.message)
      process.exit(EXIT_CONFIG)
    }
    die('start failed', error)
  }
  const { host } = loaded.config
  const shown = host.includes(':') ? `[${host}]` : host
  process.stdout.write(`Vantage is ready: http://${shown}:${server.port}/\n`)
}

/** The first signal drains, a second one ends at once: the log keeps us whole. */
function handleSignals(server: Server, logger: Logger): void {
  let isDraining = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isDraining) process.exit(EXIT_FAILED)
    isDraining = true
    logger.info('draining', { signal })
    setTimeout(() => process.exit(EXIT_FAILED), DRAIN_MAX_MS).unref()
    void server.drain(signal === 'SIGINT').then(() => process.exit(0))
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal)
  // Whoever started us is gone: nobody could stop us any more.
  process.on('disconnect', () => onSignal('SIGTERM'))
  process.channel?.unref()
}
