/** What the sender can do about a refusal, by the code of the answer. */
const FIXES: Readonly<Record<string, string>> = {
  bad_request:
    'The body was readable but something in it was not. The message names the field: correct it and send again.',
  unauthenticated: 'Send the key in the Authorization header.',
  forbidden: 'The key may not write here. Use one that may.',
  not_found: 'The path is wrong. Compare it with the snippet: each protocol has its own path.',
  wrong_method: 'Send with POST.',
  stale: 'The sender’s clock or buffer is too old. Check the time of the host (NTP) and how long data waits.',
  too_large: 'Send smaller batches; the message names the limit.',
  unsupported: 'Check the Content-Type and Content-Encoding headers against the snippet.',
  unprocessable: 'The samples contradict what is stored already. Check their times and labels.',
  too_many: 'A limit on series or on the rate was hit. Wait for the time in Retry-After, or send fewer label values.',
  unavailable: 'The server was starting, stopping or short of disk or memory. The sender should try again by itself.',
  timeout: 'The server took too long. The sender should try again by itself.',
  internal: 'This is our fault. The log of the server says more.',
}

export function fixFor(code: string): string {
  return FIXES[code] ?? 'The message says what was expected.'
}
