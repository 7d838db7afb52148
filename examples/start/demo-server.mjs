import { acceptWebSocket, serve } from 'rxweir';

const PIECE = 64 * 1024;

/** What the server has handed to its sockets, by path, and the requests it saw cancelled. */
export class Books {
  sent = new Map();
  cancelled = new Set();

  /**
   * A body of zeros, counted as it is taken: `size` bytes, or no end.
   * @param {string} path
   * @param {number} [size]
   */
  *body(path, size = Infinity) {
    for (let sent = 0; sent < size; sent += PIECE) {
      this.sent.set(path, sent + PIECE);
      yield new Uint8Array(PIECE);
    }
  }

  /** @param {string} path */
  sentTo(path) {
    return this.sent.get(path) ?? 0;
  }
}

/**
 * An HTTPS server on loopback: `/<anything>/<n>` is a body of n MiB, `/<anything>` one without end. A WebSocket gets the
 * first as messages, or else back what it sends.
 * @param {{ cert: string; key: string }} credentials
 * @param {Books} books
 */
export function demoServer(credentials, books) {
  return serve({ host: '127.0.0.1', port: 0, tls: credentials }, (request) => {
    const { path, cancelled$, upgrade } = request;
    cancelled$.subscribe(() => books.cancelled.add(path));
    const mebibytes = path.split('?')[0]?.split('/')[2];
    const size = Number(mebibytes ?? Infinity) * 1024 * 1024;
    if (upgrade === 'websocket') {
      return acceptWebSocket(request, {}, (socket) => (mebibytes === undefined ? socket : books.body(path, size)));
    }
    if (mebibytes === undefined) return { body: books.body(path) };
    return { fields: { 'content-length': String(size) }, body: books.body(path, size) };
  });
}
