import { distinctUntilChanged, ignoreElements, map, Subject, takeUntil, tap, timer } from 'rxjs';
import { it } from 'vitest';
import { holdMap } from '../../operators/core/hold-map.js';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import { createClient } from '../../src/client/create-client.js';
import { webSocketOver } from '../../src/client/web-socket-over.js';
import { memoryNetwork } from '../../src/sockets/memory.js';
import { more, ping, text, wire } from '../operators/websocket/frames.js';
import { RawPeer, showStatus } from '../src/client/web-socket-world.js';
import { runMarbles } from '../support/marbles.js';

/**
 * The server sends (`sends`, a millisecond on the way) a message in two fragments with a ping between them, which is
 * answered at once, then three messages more, for a consumer that takes 8 ms for each (`reads` to `used`). Two messages are
 * all that may be held: reading stops (`full`), and the fourth waits in the socket until the consumer has caught up. Then
 * the client closes, behind what it sent last. The server hears it and never answers: 10 ms later the connection is cut off.
 */
it('a handshake, a ping inside a message, a slow consumer, a close that is not answered', () => {
  runMarbles(({ scheduler, cold, expectObservable }) => {
    const network = memoryNetwork({ scheduler, latency: 1 });
    const lanes = {
      hears: new Subject<string>(),
      sends: new Subject<string>(),
      reads: new Subject<string>(),
      used: new Subject<string>(),
    };
    const frames = {
      a: wire(text('hel', false)),
      p: wire(ping('?')),
      b: wire(more('lo', true)),
      c: wire(text('one')),
      d: wire(text('two')),
      e: wire(text('three')),
    };

    network.listen({ port: 80 }).subscribe(({ connections }) =>
      connections.subscribe((socket) => {
        const peer = new RawPeer(socket, scheduler, () => peer.accept());
        peer.onHeard = (frame) => lanes.hears.next(frame);
        cold('    ----a-p-b-c-d-e').subscribe((name) => {
          lanes.sends.next(name);
          peer.send(frames[name as keyof typeof frames]);
        });
      }),
    );

    const client = createClient({ network, scheduler });
    const socket = webSocketOver<string>(
      (config) => client.request(config),
      { url: 'ws://example.com/', maxQueued: 2, closeTimeout: 10 },
      scheduler,
    );
    const messages = socket.pipe(
      tap((message) => lanes.reads.next(message)),
      holdMap((message) =>
        timer(8, scheduler).pipe(
          tap(() => lanes.used.next(message)),
          ignoreElements(),
        ),
      ),
    );
    cold('-------------------------------------------x').subscribe(() => {
      socket.next('bye');
      socket.close(1000);
    });
    const full = timer(0, 1, scheduler).pipe(
      map(() => socket.heldBytes >= 512),
      distinctUntilChanged(),
      takeUntil(timer(60, scheduler)),
    );
    const state = socket.state$.pipe(map(showStatus));

    const states = { c: 'connecting', o: 'open', l: 'closing by local', x: 'closed by local 1006 unclean' };
    const heard = { q: 'PONG 3f', b: 'TEXT bye', x: 'CLOSE 03e8' };
    const texts = { b: 'hello', c: 'one', d: 'two', e: 'three' };
    // prettier-ignore
    {
      // milliseconds                         0         1         2         3         4         5         6
      //                                      0123456789012345678901234567890123456789012345678901234567890
      expectObservable(state)      .toBe('  c--o---------------------------------------l---------x       ', states);
      expectObservable(lanes.sends).toBe('  -----a-p-b-c-d-e                                             ');
      expectObservable(lanes.hears).toBe('  ---------q----------------------------------(bx)             ', heard);
      expectObservable(lanes.reads).toBe('  ----------b-c-----d-------e                                  ', texts);
      expectObservable(full)       .toBe('  r-----------F---------------------r-------------------------|', { r: false, F: true });
      expectObservable(lanes.used) .toBe('  ------------------b-------c-------d-------e                  ', texts);
      expectObservable(messages)   .toBe('  -----------------------------------------------------#       ', undefined, new TimeoutError('close', 10));
    }
  });
});
