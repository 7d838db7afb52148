import { expect, it } from 'vitest';
import { Http1Connection } from '../../../operators/http1/http1-connection.js';
import { acceptHttp1 } from '../../../src/server/accept.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { record } from '../../../src/testing/record.js';
import { bytes } from '../../support/http1-streams.js';
import { runMarbles } from '../../support/marbles.js';

it('prints a live connection, and what else is put on a lane', () => {
  runMarbles(({ scheduler, cold, flush }) => {
    const [near, far] = memoryPair({ scheduler, latency: 2 });
    acceptHttp1(far).streams$.subscribe((stream) => {
      stream.subscribe(({ type }) => {
        if (type !== 'end') return;
        stream.next({ type: 'informational', status: 103 });
        cold('---a--b').subscribe((piece) => {
          if (piece === 'a') stream.next({ type: 'response', status: 200 });
          stream.next({ type: 'data', chunk: bytes('hello'), extension: piece === 'b' ? 'last' : '' });
          if (piece === 'b') stream.next({ type: 'end', trailers: { 'x-sum': '1' } });
        });
      });
    });
    const connection = new Http1Connection(near);
    const recording = record(connection, { scheduler });
    const stream = connection.openStream();
    stream.pipe(recording.lane('types', ({ type }) => type)).subscribe();
    stream.next({ type: 'request', method: 'GET', target: '/', fields: { host: 'a', connection: 'close' } });
    stream.complete();
    flush();
    expect(String(recording)).toBe(
      [
        'ms      0           4              7               10',
        '1 out   GET /, end------------------------------------------------------',
        '1 in    ------------103------------200, 5 bytes----5 bytes;last, end+1--',
        'types   ------------informational--response, data--data, end, |---------',
        'closed  -------------------------------------------|--------------------',
      ].join('\n'),
    );
  });
});

it('says how a connection failed, and stops when told', () => {
  runMarbles(({ scheduler, flush }) => {
    const [near, far] = memoryPair({ scheduler });
    const connection = new Http1Connection(near);
    const [whole, stopped] = [record(connection, { scheduler }), record(connection, { scheduler })];
    stopped.stop();
    const stream = connection.openStream();
    stream.pipe(whole.lane('mine')).subscribe({ error: () => undefined });
    stream.next({ type: 'request', method: 'GET', target: '/', fields: { host: 'a' } });
    flush();
    far.error(new Error('away'));
    flush();
    expect(String(whole)).toMatch(/closed .*# ECONNRESET-+\nmine .*# ECONNRESET/);
    expect(String(stopped)).toBe('ms');
  });
});
