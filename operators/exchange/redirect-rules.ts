/**
 * What a redirect does to a request (RFC 9110 §15.4), as tables: which statuses redirect, which turn the method into GET, and
 * which fields may go where.
 *
 * Across origins only fields that say nothing about who asks are kept: a list of what is safe, since nobody can list all
 * names of secrets. What was dropped is gone for good, since the next hop starts from the request of this one.
 */
import { Fields } from '../http/fields.js';

/** What becomes of the method: kept, or GET for POST only, or GET for all but HEAD. */
export type MethodRule = 'keep' | 'post-to-get' | 'to-get';

const METHOD_RULES: Readonly<Record<number, MethodRule>> = {
  301: 'post-to-get',
  302: 'post-to-get',
  303: 'to-get',
  307: 'keep',
  308: 'keep',
};

/** The rule of a status, or undefined where it does not redirect: 300, 304, 305, 306 and all that are not 3xx. */
export function methodRule(status: number): MethodRule | undefined {
  return METHOD_RULES[status];
}

/** The method after a redirect under a rule. */
export function redirectedMethod(rule: MethodRule, method: string): string {
  if (rule === 'keep' || method === 'HEAD') return method;
  return rule === 'to-get' || method === 'POST' ? 'GET' : method;
}

/** Fields that may cross to another origin. */
const CROSSING: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'dnt',
  'pragma',
  'priority',
  'range',
  'sec-gpc',
  // The opening handshake of a WebSocket; not its subprotocols, which some put tokens in.
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-version',
  'te',
  'user-agent',
  'upgrade-insecure-requests',
]);

/** Fields that describe a body: they cross with it, and go where it goes. */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'digest',
  'content-digest',
  'repr-digest',
  'expect',
  'trailer',
  'transfer-encoding',
]);

/** Fields of one connection or hop. */
const OF_THE_HOP: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade']);

/**
 * The fields for the next hop.
 *
 * @param bodyKept whether the body is sent again
 * @param crossing whether the next hop is of another origin
 */
export function redirectedFields(fields: Fields, bodyKept: boolean, crossing: boolean): Fields {
  const kept = new Fields();
  for (const field of fields) {
    const { name, value, neverIndex } = field;
    if (OF_THE_BODY.has(name) ? !bodyKept : crossing && !CROSSING.has(name) && !OF_THE_HOP.has(name)) continue;
    kept.append(name, value, { neverIndex });
  }
  return kept;
}
