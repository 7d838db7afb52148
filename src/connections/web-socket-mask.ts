import { nodeCrypto } from '../../operators/core/node-crypto.js';

/** Keys drawn at a time: the system is asked once for so many frames. */
const POOL = 1024;
const keys = new Int32Array(POOL);
let left = 0;

/** A masking key nobody can foresee (RFC 6455 §10.3), used once: four bytes of the system's randomness, as a number. */
export function webSocketMask(): number {
  if (left === 0) {
    nodeCrypto().randomFillSync(keys);
    left = POOL;
  }
  const key = keys[--left] as number;
  keys[left] = 0;
  return key;
}
