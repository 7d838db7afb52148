import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DuplexSubject } from '../../../operators/core/duplex-subject.js';
import { UpgradedConnection } from '../../../src/connections/upgraded-connection.js';

const A = Uint8Array.of(1);
const B = Uint8Array.of(2);

describe('UpgradedConnection', () => {
  function upgraded(): {
    inbound: Subject<Uint8Array>;
    sent: unknown[];
    connection: UpgradedConnection;
    stream: DuplexSubject<Uint8Array, Uint8Array>;
    readonly closed: () => number;
  } {
    const inbound = new Subject<Uint8Array>();
    const sent: unknown[] = [];
    let closed = 0;
    const raw = new DuplexSubject<Uint8Array, Uint8Array>(
      inbound,
      {
        next: (value) => sent.push(value),
        error: () => sent.push('error'),
        complete: () => sent.push('complete'),
        cork: () => sent.push('cork'),
        uncork: () => sent.push('uncork'),
        flush: () => sent.push('flush'),
      },
      'info',
    );
    const socket = Object.assign(new DuplexSubject(inbound, raw, 'info'), { heldBytes: 3, bufferedBytes: 5 });
    const connection = new UpgradedConnection(socket, raw, { closed: () => closed++ });
    return { inbound, sent, connection, stream: connection.stream, closed: () => closed };
  }

  it('passes everything on', () => {
    const { inbound, sent, stream } = upgraded();
    const seen: Uint8Array[] = [];
    stream.subscribe((value) => seen.push(value));
    inbound.next(A);
    stream.cork();
    stream.next(B);
    stream.uncork();
    stream.flush();
    expect(seen).toEqual([A]);
    expect(sent).toEqual(['cork', B, 'uncork', 'flush']);
    expect(stream.info).toBe('info');
  });

  it('is closed once both directions have ended', () => {
    const { inbound, stream, closed } = upgraded();
    stream.subscribe();
    stream.complete();
    stream.complete();
    expect(closed()).toBe(0);
    inbound.complete();
    expect(closed()).toBe(1);
  });

  it('or one of them badly: an error either way, or its reader leaving', () => {
    const broken = upgraded();
    broken.stream.error(new Error('x'));
    broken.stream.complete();
    expect(broken.closed()).toBe(1);
    const failed = upgraded();
    const errors: unknown[] = [];
    failed.stream.subscribe({ error: (error: Error) => errors.push(error.message) });
    failed.inbound.error(new Error('x'));
    expect([failed.closed(), errors]).toEqual([1, ['x']]);
    const left = upgraded();
    left.stream.subscribe().unsubscribe();
    expect([left.closed(), left.inbound.observed]).toEqual([1, false]);
  });

  it('is cut off by its server, which counts what its socket holds and has not sent, and no request', () => {
    const { connection, sent, closed } = upgraded();
    connection.open();
    connection.close();
    expect(sent).toEqual([]);
    expect(connection).toMatchObject({ active: 0, held: 3, unsent: 5, waiting: undefined });
    connection.destroy(new Error('x'));
    expect([sent, closed()]).toEqual([['error'], 1]);
  });
});
