type Zlib = typeof import('node:zlib');

/** `node:zlib`, loaded when something is coded for the first time. */
export function nodeZlib(): Zlib {
  return process.getBuiltinModule('node:zlib');
}
