import { UsageError } from '../../operators/core/protocol-error.js';
import { isRequestTarget } from '../../operators/http/field-syntax.js';
import type { FieldsInit } from '../../operators/http/fields.js';

/** A request that a server makes up for its client (RFC 9113 §8.4): a GET, or a HEAD. */
export interface PromisedRequest {
  readonly path: string;
  readonly method?: 'GET' | 'HEAD' | undefined;
  readonly scheme: string;
  readonly authority: string;
  readonly fields?: FieldsInit | undefined;
}

/** Its pseudo-fields, as a flat list. @throws `UsageError` `INVALID_TARGET`, `INVALID_METHOD` */
export function promisedPseudo({ path, method = 'GET', scheme, authority }: Omit<PromisedRequest, 'fields'>): string[] {
  if (!isRequestTarget(path) || !path.startsWith('/')) throw new UsageError('INVALID_TARGET', 'not a path to push');
  if (method !== 'GET' && method !== 'HEAD') throw new UsageError('INVALID_METHOD', 'a push answers GET or HEAD');
  return [':method', method, ':scheme', scheme, ':authority', authority, ':path', path];
}
