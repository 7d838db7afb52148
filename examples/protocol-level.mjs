// One connection driven by hand: two requests in one go, chunk extensions and trailers, and every event as it passes.
import { connect, serve } from 'rxweir';

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

serve({ host: '127.0.0.1', port: 0 }, ({ path, body }) => ({ body: path === '/echo' ? body : 'hello' })).subscribe(
  (server) => {
    const { port } = server.address;
    const fields = { host: `127.0.0.1:${port}` };

    connect(`http://127.0.0.1:${port}/`).subscribe((connection) => {
      connection.events$.subscribe(({ direction, stream, event }) => {
        const detail = 'chunk' in event ? event.chunk.length : 'status' in event ? event.status : '';
        console.log(`${direction === 'out' ? '>' : '<'} ${stream} ${event.type} ${detail}`.trimEnd());
      });
      connection.closed$.subscribe(() => server.close().subscribe());

      const first = connection.openStream();
      const second = connection.openStream(); // waits for its turn to be sent, not for the answer
      first.subscribe();
      second.subscribe({ complete: () => connection.close() });

      first.next({ type: 'request', method: 'PUT', target: '/echo', fields, bodyLength: undefined });
      first.next({ type: 'data', chunk: bytes('once '), extension: 'n=1' });
      first.next({ type: 'data', chunk: bytes('more'), extension: 'n=2' });
      first.next({ type: 'end', trailers: { 'x-pieces': '2' } });

      second.next({ type: 'request', method: 'GET', target: '/', fields });
      second.complete();
    });
  },
);
