import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { createGunzip } from 'node:zlib'
import { err, ok, type Result } from '@vantage/model'
import type { Access } from './job.ts'

const REDIRECTS_MAX = 10
/** Sockets kept open to one host between two scrapes. */
const IDLE_SOCKETS_MAX = 2

export interface FetchedBody {
  readonly contentType: string
  readonly body: Uint8Array
}

export interface FetchOptions {
  readonly accept: string
  readonly timeoutMs: number
  /** Of the body after inflating. */
  readonly bytesMax: number
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** GETs bodies with one set of credentials; its connections stay open between calls. */
export class BodyFetcher {
  readonly #access: Access
  readonly #plain = new PlainAgent({ keepAlive: true, maxFreeSockets: IDLE_SOCKETS_MAX })
  readonly #tls: TlsAgent

  constructor(access: Access) {
    this.#access = access
    const { ca, cert, key, serverName } = access
    this.#tls = new TlsAgent({
      keepAlive: true,
      maxFreeSockets: IDLE_SOCKETS_MAX,
      rejectUnauthorized: access.verifiesTls,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    })
  }

  close(): void {
    this.#plain.destroy()
    this.#tls.destroy()
  }

  /** @returns the body of a 200, or what went wrong in words for people */
  async get(url: string, options: FetchOptions): Promise<Result<FetchedBody, string>> {
    const deadline = AbortSignal.timeout(options.timeoutMs)
    const signal = AbortSignal.any([deadline, options.signal])
    try {
      return await this.#follow(new URL(url), options, signal, 0)
    } catch (error) {
      if (deadline.aborted) return err(`no whole answer within ${options.timeoutMs} ms`)
      return err(error instanceof Error ? error.message : String(error))
    }
  }

  async #follow(
    url: URL,
    options: FetchOptions,
    signal: AbortSignal,
    redirects: number,
  ): Promise<Result<FetchedBody, string>> {
    const answer = await this.#open(url, options, signal)
    const status = answer.statusCode ?? 0
    const location = answer.headers.location
    if (status >= 300 && status < 400 && location !== undefined && this.#access.followsRedirects) {
      answer.resume()
      if (redirects === REDIRECTS_MAX) return err(`more than ${REDIRECTS_MAX} redirects`)
      const next = new URL(location, url)
      // Credentials are for the host that they were given for.
      if (next.host !== url.host && Object.keys(this.#access.headers).length > 0)
        return err(`redirected to another host, ${next.host}`)
      return this.#follow(next, options, signal, redirects + 1)
    }
    if (status !== 200) {
      answer.resume()
      return err(`server returned HTTP status ${status} ${answer.statusMessage ?? ''}`.trim())
    }
    const body = await readBody(answer, options.bytesMax)
    if (!body.ok) return body
    return ok({ contentType: answer.headers['content-type'] ?? '', body: body.value })
  }

  #open(url: URL, options: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
    const isTls = url.protocol === 'https:'
    const send = isTls ? tlsRequest : plainRequest
    return new Promise((resolve, reject) => {
      const request = send(
        url,
        {
          agent: isTls ? this.#tls : this.#plain,
          signal,
          headers: {
            accept: options.accept,
            'accept-encoding': 'gzip',
            'user-agent': 'Vantage',
            ...options.headers,
            ...this.#access.headers,
          },
        },
        resolve,
      )
      request.on('error', reject)
      request.end()
    })
  }
}

async function readBody(answer: IncomingMessage, bytesMax: number): Promise<Result<Uint8Array, string>> {
  const isPacked = answer.headers['content-encoding'] === 'gzip'
  const stream = isPacked ? answer.pipe(createGunzip()) : answer
  // A pipe does not carry the end of its source.
  if (isPacked) answer.on('error', (error) => stream.destroy(error))
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bytesMax) {
      answer.destroy()
      return err(`body: want at most ${bytesMax} bytes, got more (scrape.maxBodyBytes, body_size_limit)`)
    }
    chunks.push(chunk)
  }
  return ok(Buffer.concat(chunks, length))
}
