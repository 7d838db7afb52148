import { nodeCrypto } from '../../operators/core/node-crypto.js';

/** A multipart boundary nobody can foresee (RFC 2046 §5.1.1): 24 characters of randomness. */
export function randomBoundary(): string {
  return `rxweir-${nodeCrypto().randomBytes(18).toString('base64url')}`;
}
