import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from './http-answers.ts'
import { LINGER_BYTES_MAX, LINGER_MS, UNREAD_KEPT_BYTES_MAX } from './limits.ts'

/** Answers; where too much of the body is unread, the connection is closed after it. */
export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer, readBytes: number): void {
  if (unreadBytes(request, readBytes) > UNREAD_KEPT_BYTES_MAX) {
    sendAndClose(request, reply, answer)
    return
  }
  reply.code(answer.status).headers(answer.headers)
  // As bytes: to text Fastify would add a charset, which OTLP's media type does not have.
  reply.send(bytesOf(answer))
}

function bytesOf({ body }: Answer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

/** Ends the connection without a word: for clients that are gone or too slow (a 408 would make them drop data). */
export function dropConnection(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack()
  request.raw.socket.destroy()
}

/** Announced length, undefined where unknown (chunked); 0 where the request has no body. */
export function announcedBytes(request: FastifyRequest): number | undefined {
  if (request.headers['transfer-encoding'] !== undefined) return undefined
  // Node's parser has refused everything that is not a plain number.
  return Number(request.headers['content-length'] ?? 0)
}

function unreadBytes(request: FastifyRequest, readBytes: number): number {
  if (request.raw.complete) return 0
  const announced = announcedBytes(request)
  return announced === undefined ? Number.POSITIVE_INFINITY : announced - readBytes
}

/**
 * Sends the whole answer at once, then drops what the client still sends for a bounded while, then closes.
 * Closing right away would reset the connection under the client's hands and take the answer with it.
 */
function sendAndClose(request: FastifyRequest, reply: FastifyReply, answer: Answer): void {
  reply.hijack()
  const out = reply.raw
  const body = bytesOf(answer)
  // What other hooks have set (CORS) goes out with it.
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) out.setHeader(name, value)
  out.writeHead(answer.status, { ...answer.headers, 'content-length': String(body.length), connection: 'close' })
  if (body.length > 0) out.write(body)
  else out.flushHeaders()
  let leftBytes = LINGER_BYTES_MAX
  const finish = () => {
    clearTimeout(timer)
    if (!out.writableEnded) out.end()
  }
  const timer = setTimeout(finish, LINGER_MS)
  request.raw.on('data', (chunk: Uint8Array) => {
    leftBytes -= chunk.length
    if (leftBytes < 0) finish()
  })
  request.raw.once('end', finish)
  request.raw.once('close', finish)
}
