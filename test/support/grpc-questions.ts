import { resolve } from 'node:path'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { loadSync, type Root } from 'protobufjs'

/** The public messages of a service, from a file below `packages`. */
export function publicProto(path: string): Root {
  return loadSync(resolve(import.meta.dirname, '../../packages', path))
}

/** Calls of a service by grpc-js, with messages that protobufjs writes and reads. */
export class Questions {
  readonly #client: Client
  readonly #service: string
  readonly #root: Root
  readonly #metadata = new Metadata()

  /** @param service `package.Service` */
  constructor(target: string, service: string, root: Root, key = '') {
    this.#client = new Client(target, credentials.createInsecure())
    this.#service = service
    this.#root = root
    if (key !== '') this.#metadata.set('x-api-key', key)
  }

  /** @returns all messages of the answer */
  ask<Answer>(
    method: string,
    request: string,
    message: object,
    answer: string,
    answers = this.#root,
  ): Promise<Answer[]> {
    const asked = this.#root.lookupType(request)
    const answered = answers.lookupType(answer)
    const found: Answer[] = []
    const call = this.#client.makeServerStreamRequest(
      `/${this.#service}/${method}`,
      (one: object) => Buffer.from(asked.encode(asked.fromObject(one)).finish()),
      (bytes: Buffer) =>
        answered.toObject(answered.decode(bytes), {
          longs: String,
          enums: String,
          bytes: Buffer,
          arrays: true,
        }) as Answer,
      message,
      this.#metadata,
    )
    return new Promise((settle, fail) => {
      call.on('data', (one: Answer) => found.push(one))
      call.on('error', (error: ServiceError) => fail(error))
      call.on('end', () => settle(found))
    })
  }

  close(): void {
    this.#client.close()
  }
}
