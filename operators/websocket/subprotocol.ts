/** Sec-WebSocket-Protocol (RFC 6455 §4.1, §4.2.2, §11.3.4): names of application protocols, each once. */
import { UsageError } from '../core/protocol-error.js';
import { isToken, trimOws } from '../http/field-syntax.js';

/** Names in one offer, at most. */
const MOST = 64;

/** The names offered, in order, or undefined where the field is malformed, names one twice, or too many. */
export function parseSubprotocols(value: string): string[] | undefined {
  const names = value.split(',', MOST + 1).map(trimOws);
  const valid = names.length <= MOST && names.every((name) => isToken(name)) && new Set(names).size === names.length;
  return valid ? names : undefined;
}

/** @throws UsageError `INVALID_SUBPROTOCOL` for a name that is no token, or is given twice */
export function checkSubprotocols(names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    if (!isToken(name)) throw new UsageError('INVALID_SUBPROTOCOL', 'the name of a subprotocol must be a token');
    if (names.indexOf(name) !== i)
      throw new UsageError('INVALID_SUBPROTOCOL', `the subprotocol ${name} is given twice`);
  }
}

/** How a server picks: the first of the client's names that it knows, or by a function of its own. */
export type SubprotocolChoice = readonly string[] | ((offered: readonly string[]) => string | undefined);

/**
 * The subprotocol to answer with, or undefined for none.
 *
 * @throws UsageError `INVALID_SUBPROTOCOL` where the function picks what was not offered
 */
export function chooseSubprotocol(offered: readonly string[], choice: SubprotocolChoice = []): string | undefined {
  if (typeof choice !== 'function') return offered.find((name) => choice.includes(name));
  const chosen = choice(offered);
  if (chosen === undefined || offered.includes(chosen)) return chosen;
  throw new UsageError('INVALID_SUBPROTOCOL', 'the subprotocol chosen was not offered');
}
