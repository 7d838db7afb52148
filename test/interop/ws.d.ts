/** As much of `ws` as is used here. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage, Server } from 'node:http';
  import type { AddressInfo } from 'node:net';

  export interface ServerOptions {
    host?: string;
    port?: number;
    server?: Server;
    perMessageDeflate?: boolean | { threshold?: number };
    handleProtocols?: (offered: Set<string>) => string | false;
  }

  export default class WebSocket extends EventEmitter {
    constructor(
      url: string,
      options?: { origin?: string; ca?: string; perMessageDeflate?: boolean | { threshold?: number } },
    );
    readonly extensions: string;
    readonly protocol: string;
    send(data: string | Uint8Array, options?: { binary?: boolean }, sent?: () => void): void;
    close(code?: number, reason?: string): void;
    terminate(): void;
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: ServerOptions);
    address(): AddressInfo;
    readonly clients: Set<WebSocket>;
    close(closed?: () => void): void;
    on(event: 'connection', listener: (socket: WebSocket) => void): this;
    once(event: 'listening', listener: () => void): this;
    once(event: 'connection', listener: (socket: WebSocket, request: IncomingMessage) => void): this;
  }
}
