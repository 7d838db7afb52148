import type { Address } from '../sockets/byte-duplex.js';

/** Where a server listens. */
export type ServerAddress =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string; readonly host?: undefined; readonly port?: undefined };

export function toServerAddress({ family, address, port }: Address): ServerAddress {
  return family === 'unix' ? { path: address } : { host: address, port };
}
