import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { PREFACE } from './frames.ts'

/** What no request of HTTP/1 begins with. */
const BEGIN = PREFACE.subarray(0, 4)

/**
 * Lets a port of HTTP/1 speak HTTP/2, too ("prior knowledge"): the first bytes of a connection say which one it is.
 * @param take whose the connections of HTTP/2 are; their first bytes come again
 * @param waitMs for the first bytes
 */
export function serveBesideHttp1(server: Server, waitMs: number, take: (socket: Socket) => void): void {
  const [own] = server.listeners('connection') as [(this: Server, socket: Socket) => void]
  server.removeListener('connection', own)
  server.prependListener('connection', (socket: Socket) => {
    const giveUp = (): void => {
      socket.destroy()
    }
    let begun: Buffer = Buffer.alloc(0)
    const look = (bytes: Buffer): void => {
      begun = Buffer.concat([begun, bytes])
      // As long as it may still become either.
      if (begun.length < BEGIN.length && BEGIN.indexOf(begun) === 0) return
      socket.off('data', look)
      socket.off('end', giveUp)
      socket.off('error', giveUp)
      socket.setTimeout(0)
      socket.off('timeout', giveUp)
      socket.pause()
      socket.unshift(begun)
      if (begun.subarray(0, BEGIN.length).equals(BEGIN)) take(socket)
      else own.call(server, socket)
      process.nextTick(() => socket.resume())
    }
    socket.setTimeout(waitMs, giveUp)
    socket.on('error', giveUp)
    socket.on('end', giveUp)
    socket.on('data', look)
  })
}
