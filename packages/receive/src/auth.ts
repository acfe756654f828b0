import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import {
  DEFAULT_TENANT,
  err,
  type Fault,
  fault,
  foreign,
  isTenantId,
  ok,
  type Result,
  type TenantId,
} from '@vantage/model'

export const SCOPES = [
  'metrics:write',
  'metrics:read',
  'logs:write',
  'logs:read',
  'traces:write',
  'traces:read',
  'admin',
] as const
export type Scope = (typeof SCOPES)[number]

/** A key from the configuration. Only its digest is kept. */
export interface GivenKey {
  readonly key: string
  readonly tenant: TenantId
  readonly scopes: readonly Scope[]
}

/** Who asks: what the tenant and all permissions come from. */
export interface Credential {
  /** Tells keys apart and gives nothing away; '' while auth is off. */
  readonly name: string
  readonly tenant: TenantId
  readonly scopes: readonly Scope[]
}

/** What of a request the credential check looks at; the same for HTTP and gRPC. */
export interface CredentialSource {
  /** `Host` or `:authority`, with or without a port. */
  readonly authority: string | undefined
  /** By lower-case name; undefined where absent. */
  readonly header: (name: string) => string | undefined
}

/** Of an HTTP request. */
export function httpCredentialSource(headers: IncomingHttpHeaders): CredentialSource {
  const header = (name: string): string | undefined => {
    const value = headers[name]
    return typeof value === 'string' ? value : undefined
  }
  return { authority: headers.host, header }
}

export interface AuthOptions {
  /** None = auth is off: everyone who speaks to a loopback name may do all. */
  readonly keys: readonly GivenKey[]
  /** Host names beside the loopback ones that a request may name while auth is off. */
  readonly allowedHosts?: readonly string[]
}

/** Of a key's digest in its name, characters. */
const KEY_NAME_CHARS = 8

const EVERYTHING: Credential = { name: '', tenant: DEFAULT_TENANT, scopes: SCOPES }
const TENANT_HEADER = 'x-scope-orgid'
/** Longer credentials are refused unhashed. */
const CREDENTIAL_CHARS_MAX = 4_096

interface StoredKey {
  readonly digest: Buffer
  readonly credential: Credential
}

/** Static keys (`X-API-Key`, `Authorization`), the tenant and the scope, and the loopback rule. */
export class Auth {
  readonly #keys: readonly StoredKey[]
  readonly #allowedHosts: ReadonlySet<string>

  constructor(options: AuthOptions) {
    this.#keys = options.keys.map(({ key, tenant, scopes }) => {
      const digest = digestOf(key)
      const name = `key ${digest.toString('hex').slice(0, KEY_NAME_CHARS)}`
      return { digest, credential: { name, tenant, scopes } }
    })
    this.#allowedHosts = new Set((options.allowedHosts ?? []).map((host) => host.toLowerCase()))
  }

  get isOn(): boolean {
    return this.#keys.length > 0
  }

  /**
   * Credential → tenant → scope, in this order.
   * @returns the credential; or unauthenticated (none, or none that we know), forbidden (foreign host, another
   *   tenant, missing scope), bad_request (a tenant id that is none)
   */
  check(source: CredentialSource, scope: Scope): Result<Credential, Fault> {
    const found = this.isOn ? this.#credential(source) : this.#loopback(source)
    if (!found.ok) return found
    const wrong = tenantFault(source.header(TENANT_HEADER), found.value)
    if (wrong !== undefined) return err(wrong)
    if (!found.value.scopes.includes(scope)) return err(fault('forbidden', `the key lacks the scope ${scope}`))
    return found
  }

  /** Auth is off: a page of another site that resolves its own name to us must not get in (DNS rebinding). */
  #loopback(source: CredentialSource): Result<Credential, Fault> {
    const host = hostName(source.authority ?? '')
    if (isLoopbackName(host) || this.#allowedHosts.has(host)) return ok(EVERYTHING)
    return err(
      fault(
        'forbidden',
        `host: want a loopback name or one of auth.allowedHosts, got ${JSON.stringify(foreign(host))}`,
      ),
    )
  }

  #credential(source: CredentialSource): Result<Credential, Fault> {
    const text = presented(source)
    if (text === undefined) {
      return err(
        fault(
          'unauthenticated',
          'want a key in X-API-Key or Authorization (Bearer, or the password of Basic), got none',
        ),
      )
    }
    if (text.length > CREDENTIAL_CHARS_MAX) return err(fault('unauthenticated', 'the key is not known'))
    const digest = digestOf(text)
    // Every key is compared, so that the time says nothing about which one was near.
    let credential: Credential | undefined
    for (const key of this.#keys) if (timingSafeEqual(key.digest, digest)) credential = key.credential
    return credential === undefined ? err(fault('unauthenticated', 'the key is not known')) : ok(credential)
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** `X-API-Key: KEY`, or `Authorization:` with `Bearer KEY`, InfluxDB's `Token KEY`, or `Basic` with the key as password. */
function presented(source: CredentialSource): string | undefined {
  const key = source.header('x-api-key')
  if (key !== undefined && key !== '') return key
  const [, scheme = '', credential = ''] =
    /^(bearer|token|basic) +(\S+) *$/i.exec(source.header('authorization') ?? '') ?? []
  if (scheme.toLowerCase() !== 'basic') return credential === '' ? undefined : credential
  const userAndPassword = Buffer.from(credential, 'base64').toString()
  return userAndPassword.slice(userAndPassword.indexOf(':') + 1)
}

function tenantFault(asked: string | undefined, credential: Credential): Fault | undefined {
  if (asked === undefined || asked === '') return undefined
  if (!isTenantId(asked)) {
    return fault('bad_request', `X-Scope-OrgID: want 1 to 64 of A-Z a-z 0-9 _ -, got ${JSON.stringify(foreign(asked))}`)
  }
  if (asked !== credential.tenant) return fault('forbidden', `the credential does not cover the tenant ${asked}`)
  return undefined
}

/** The name in `name:port` or `[address]:port`, lower case, without a last dot. */
function hostName(authority: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(authority)
  const name = bracketed === null ? authority.replace(/:\d*$/, '') : (bracketed[1] as string)
  return name.toLowerCase().replace(/\.$/, '')
}

function isLoopbackName(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
