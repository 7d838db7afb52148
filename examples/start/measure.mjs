import { defer, filter, finalize, interval, map, switchMap, take, tap } from 'rxjs';

const SAMPLE_EVERY = 20;

/**
 * What became of one exchange.
 * @typedef {{ version: '1.1' | '2'; what: string; bytes: number; milliseconds: number; peakHeld: number; waited: Map<string, number>; connection: string }} Row
 */

/**
 * One exchange as the chunks of its body, measured into `row` while it runs.
 *
 * @param {{ client: import('rxweir').Client; version: '1.1' | '2' }} stage
 * @param {string} url
 * @param {Row} row
 * @returns {import('rxjs').Observable<Uint8Array>}
 */
export function measured({ client, version }, url, row) {
  return defer(() => {
    const started = performance.now();
    const sampling = interval(SAMPLE_EVERY)
      .pipe(switchMap(() => client.stats$.pipe(take(1))))
      .subscribe((stats) => {
        row.peakHeld = Math.max(row.peakHeld, stats.heldBytes);
        for (const [who, { count }] of Object.entries(stats.waitingFor)) {
          if (count > 0) row.waited.set(who, (row.waited.get(who) ?? 0) + SAMPLE_EVERY);
        }
      });
    return client.requestEvents({ url, version }).pipe(
      tap((event) => {
        if (event.type === 'connected') row.connection = event.reused ? 'reused' : 'new';
      }),
      filter((event) => event.type === 'body'),
      map((event) => event.chunk),
      tap((chunk) => (row.bytes += chunk.length)),
      finalize(() => {
        row.milliseconds = performance.now() - started;
        sampling.unsubscribe();
      }),
    );
  });
}

/**
 * The messages of a WebSocket, measured likewise; of its connection, how it ended.
 *
 * @param {import('rxweir').WebSocketSubject} socket
 * @param {Row} row
 * @returns {import('rxjs').Observable<import('rxweir/operators').WebSocketMessage>}
 */
export function measuredSocket(socket, row) {
  return defer(() => {
    const started = performance.now();
    const watching = interval(SAMPLE_EVERY).subscribe(() => {
      const { heldBytes } = socket;
      row.peakHeld = Math.max(row.peakHeld, heldBytes);
      if (heldBytes > 0) row.waited.set('consumer', (row.waited.get('consumer') ?? 0) + SAMPLE_EVERY);
    });
    const ended = socket.state$.subscribe((status) => {
      if (status.state === 'closed') row.connection = `closed ${status.code}, ${status.by}`;
    });
    watching.add(ended);
    return socket.pipe(
      tap((message) => (row.bytes += message.length)),
      finalize(() => {
        row.milliseconds = performance.now() - started;
        watching.unsubscribe();
      }),
    );
  });
}

/**
 * @param {'1.1' | '2'} version
 * @param {string} what
 * @returns {Row}
 */
export function newRow(version, what) {
  return { version, what, bytes: 0, milliseconds: 0, peakHeld: 0, waited: new Map(), connection: '' };
}

/**
 * Whom the exchange waited for longest.
 * @param {Row} row
 */
export function waitedFor({ waited }) {
  const [longest] = [...waited].sort(([, a], [, b]) => b - a);
  return longest?.[0] ?? 'nobody';
}
