import { buffer, debounceTime, map, NEVER, type Observable, Subject, switchMap, tap, timer } from 'rxjs';
import { it } from 'vitest';
import { holdMap } from '../../operators/core/hold-map.js';
import { NetworkError } from '../../operators/core/protocol-error.js';
import { endsStream, FrameFlag, FrameType, frameTypeName } from '../../operators/http2/frame-type.js';
import { createClient } from '../../src/client/create-client.js';
import { serve } from '../../src/server/serve.js';
import type { Server } from '../../src/server/server.js';
import { memoryNetwork } from '../../src/sockets/memory.js';
import { watchConnections } from '../support/http2-frames.js';
import { runMarbles } from '../support/marbles.js';

/** What a frame is on a lane: the first letter of its type, in upper case where it acknowledges or ends its stream. */
function letterOf(frame: { readonly type: number; readonly flags: number }): string {
  const letter = (frameTypeName(frame.type) ?? '?').charAt(0).toLowerCase();
  const control = frame.type === FrameType.SETTINGS || frame.type === FrameType.PING;
  const upper = endsStream(frame) || (control && (frame.flags & FrameFlag.ACK) !== 0);
  return upper ? letter.toUpperCase() : letter;
}

/**
 * Client and server of ours, a millisecond apart; each frame is on the lane of who writes it (`s` SETTINGS, `h` HEADERS,
 * `d` DATA, `w` WINDOW_UPDATE, `r` RST_STREAM, `p` PING, `g` GOAWAY; a capital acknowledges, or ends its stream).
 *
 * The client's window is 4 bytes, and its consumer takes 6 ms for what it is given: two DATA frames of 4 bytes leave only as
 * the one before was let go and WINDOW_UPDATE has come. At 23 the caller unsubscribes, and the handler hears of it at 24. A
 * second request is never answered: the server that closes at 26 says GOAWAY, asks with a PING when that is known, says GOAWAY
 * again with the last stream it has taken, and after 10 ms ends the connection all the same.
 */
it('settings, a closing window, credit on release, a reset, GOAWAY and its timeout', () => {
  runMarbles(({ scheduler, expectObservable, time, hot }) => {
    const lanes = { client: new Subject<string>(), server: new Subject<string>() };
    const reads = new Subject<string>();
    const hears = new Subject<string>();
    watchConnections(({ role, frames$ }) => {
      frames$.subscribe(({ direction, frame }) => direction === 'out' && lanes[role].next(letterOf(frame)));
    });
    const network = memoryNetwork({ scheduler, latency: 1 });
    let server: Server | undefined;
    serve({ port: 80, network, scheduler, grace: time('----------|') }, ({ path, cancelled$ }) => {
      cancelled$.subscribe(() => hears.next(path === '/' ? 'c' : 'e'));
      return path === '/' ? { body: ['abcd', 'efgh', 'ijkl', 'mnop'].map((text) => Buffer.from(text)) } : NEVER;
    }).subscribe((listening) => (server = listening));

    const client = createClient({ network, scheduler, http2: { settings: { initialWindowSize: 4 } } });
    const body = client.request({ url: 'http://server/', version: '2' }).pipe(
      switchMap((response) => response.body),
      map((chunk) => Buffer.from(chunk).toString()),
      tap((text) => reads.next(text)),
      holdMap((text) => timer(6, scheduler).pipe(map(() => text.toUpperCase()))),
    );
    const never = hot('-----------------a').pipe(
      switchMap(() => client.request({ url: 'http://server/never', version: '2' })),
    );
    hot('--------------------------a').subscribe(() => server?.close());

    /** What is written in one millisecond, in one word. */
    const turns = (lane: Subject<string>): Observable<string> =>
      lane.pipe(
        buffer(lane.pipe(debounceTime(0, scheduler))),
        map((letters) => letters.join('')),
      );

    const written = { a: 'swH', S: 'S', w: 'w', b: 'Hw', r: 'r', P: 'P' };
    const answered = { a: 'swShd', d: 'd', x: 'gp', g: 'g' };
    const read = { a: 'abcd', b: 'efgh', c: 'ijkl' };
    const taken = { a: 'ABCD', b: 'EFGH' };
    const cut = new NetworkError('ECONNRESET', 'read', 'read ECONNRESET');

    // prettier-ignore
    {
      // milliseconds                             0         1         2         3         4
      //                                          01234567890123456789012345678901234567890
      expectObservable(turns(lanes.client)).toBe('-a-S-----w-------b-----r---P             ', written);
      expectObservable(turns(lanes.server)).toBe('--a-------d-------d-------x-g            ', answered);
      expectObservable(reads)  .toBe('             ---a-------b-------c                     ', read);
      expectObservable(body, '                     -----------------------!                 ')
                               .toBe('             ---------a-------b                       ', taken);
      expectObservable(hears)  .toBe('             ------------------------c-----------e    ');
      expectObservable(never)  .toBe('             -------------------------------------#   ', undefined, cut);
    }
  });
});
