type Crypto = typeof import('node:crypto');

/** `node:crypto`, loaded when it is first needed: most connections go without its third of a mebibyte of heap. */
export function nodeCrypto(): Crypto {
  return process.getBuiltinModule('node:crypto');
}
