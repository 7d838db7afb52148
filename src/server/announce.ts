import type { SelfSigned } from '../sockets/self-signed.js';
import type { OpenedListeners } from './open-listeners.js';
import type { ServerEvents } from './server-events.js';

let warned = false;

/** Says where a server listens, and where it shows a certificate of our own making. */
export function announce({ addresses, selfSigned }: OpenedListeners, events: ServerEvents): void {
  warnOf(selfSigned);
  if (!events.observed) return;
  for (const address of addresses) events.emit({ type: 'listening', address });
  for (const { names, fingerprint256, validTo } of selfSigned) {
    events.emit({ type: 'self-signed', names, fingerprint256, validTo });
  }
}

/** Once a process: whoever meant to give a certificate sees it, also where nobody watches events. */
function warnOf([made]: readonly SelfSigned[]): void {
  if (made === undefined || warned) return;
  warned = true;
  process.emitWarning(`TLS without a certificate: one of our own making is shown, SHA-256 ${made.fingerprint256}`, {
    type: 'SelfSignedWarning',
    code: 'RXWEIR_SELF_SIGNED',
  });
}
