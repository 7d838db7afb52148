type Tls = typeof import('node:tls');

/** `node:tls`, loaded with the first TLS connection: cleartext alone goes without its third of a mebibyte of heap. */
export function nodeTls(): Tls {
  return process.getBuiltinModule('node:tls');
}
