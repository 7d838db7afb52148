import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { TlsServerConfig } from './tls-config.js';
import { serverContext } from './tls-context.js';

/** The certificates of a server by the name its client indicates: exact names first, then wildcards of one label. */
export class TlsNames {
  readonly #contexts = new Map<string, SecureContext>();
  readonly #strict: boolean;

  /** @throws `UsageError` `INVALID_OPTION`, and what is wrong with a certificate */
  constructor(config: TlsServerConfig) {
    const { names = {}, strict, SNICallback } = config;
    if (SNICallback) throw new UsageError('INVALID_OPTION', 'tls.names is to be given instead of tls.SNICallback');
    const shared = { ...config, cert: undefined, key: undefined, pfx: undefined, secureContext: undefined };
    for (const [name, own] of Object.entries(names)) {
      const key = canonical(name);
      if (!isName(key)) throw new UsageError('INVALID_OPTION', `tls.names: ${JSON.stringify(name)} is no DNS name`);
      this.#contexts.set(key, serverContext({ ...shared, ...own }));
    }
    this.#strict = strict === true;
  }

  /** Undefined for the context of the config itself, null for none. */
  contextFor(servername: string): SecureContext | undefined | null {
    return this.#contexts.get(this.#keyFor(servername)) ?? (this.#strict ? null : undefined);
  }

  /** Whether a connection whose client indicated that name may be asked for this host. */
  covers(servername: string | undefined, host: string): boolean {
    return this.#keyFor(servername ?? '') === this.#keyFor(host);
  }

  /** Empty for those of no context. */
  #keyFor(host: string): string {
    const name = canonical(host);
    if (this.#contexts.has(name)) return name;
    const wildcard = `*${name.slice(name.indexOf('.'))}`;
    return name.includes('.') && this.#contexts.has(wildcard) ? wildcard : '';
  }
}

function canonical(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** A wildcard stands for the first label, and not for all of a top-level domain. */
function isName(name: string): boolean {
  const rest = name.startsWith('*.') ? name.slice(2) : name;
  if (rest === '' || isIP(rest) !== 0 || (rest !== name && !rest.includes('.'))) return false;
  return rest.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}
