import { concat, EMPTY, NEVER, type Observable, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { TunnelRefusedError } from '../../../operators/tunnel/connect-handshake.js';
import { negotiateConnect } from '../../../operators/tunnel/negotiate-connect.js';
import { negotiateSocks5 } from '../../../operators/tunnel/negotiate-socks5.js';
import { splits } from '../../support/every-split.js';
import { seen } from '../body/bodies.js';

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const send = (bytes: Uint8Array) => ({ type: 'send', bytes: Buffer.from(bytes) });
/** Bytes compared as bytes, whatever kind of array they are in. */
const plain = (log: unknown[]): unknown[] =>
  log.map((step) =>
    typeof step === 'string'
      ? step
      : Object.fromEntries(
          Object.entries(step as object).map(([name, value]) => [
            name,
            value instanceof Uint8Array ? Buffer.from(value) : (value as unknown),
          ]),
        ),
  );

describe('negotiateConnect', () => {
  const asked = send(ascii('CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n'));

  it('asks, and is open with the 2xx, split at every byte', () => {
    for (const chunks of splits(ascii('HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nx: y\r\n\r\n'))) {
      expect(plain(seen(of(...chunks).pipe(negotiateConnect({ authority: 'a.test:443' }))))).toEqual([
        asked,
        { type: 'open', rest: Buffer.alloc(0), bound: undefined },
        'complete',
      ]);
    }
  });

  it('what came behind the answer is handed out, for the caller to judge', () => {
    const log = plain(
      seen(of(ascii('HTTP/1.1 200 OK\r\n\r\nxyz')).pipe(negotiateConnect({ authority: 'a.test:443' }))),
    );
    expect(log[1]).toEqual({ type: 'open', rest: Buffer.from('xyz'), bound: undefined });
  });

  it('a refusal has status, fields and body, split at every byte', () => {
    for (const chunks of splits(ascii('HTTP/1.1 403 No\r\nx: y\r\ncontent-length: 3\r\n\r\nwhy'))) {
      let error: TunnelRefusedError | undefined;
      of(...chunks)
        .pipe(negotiateConnect({ authority: 'a.test:443' }))
        .subscribe({ error: (one: TunnelRefusedError) => (error = one) });
      expect(error).toMatchObject({ code: 'TUNNEL_REFUSED', status: 403 });
      expect([error?.fields.get('x'), Buffer.from(error?.body ?? []).toString()]).toEqual(['y', 'why']);
    }
  });

  it('an end before the answer, a source error, and nonsense to ask for', () => {
    const run = (source: Observable<Uint8Array> = EMPTY, authority = 'a.test:443') =>
      seen(source.pipe(negotiateConnect({ authority }))).at(-1);
    expect(run()).toBe('error TUNNEL_CLOSED');
    expect(run(of(ascii('HTTP/1.1 200 OK\r\n')))).toBe('error TRUNCATED_MESSAGE');
    expect(run(of(ascii('220 ready\r\n')))).toBe('error BAD_STATUS_LINE');
    expect(run(of(ascii('x')), 'a.test')).toBe('error INVALID_TARGET');
  });
});

describe('negotiateSocks5', () => {
  const config = { host: 'a.test', port: 443, username: 'u', password: 'p' };
  const replies = [hex('0502'), hex('0100'), hex('05000001 7f000001 0050')];
  const steps = [
    send(hex('05020002')),
    send(hex('0101750170')),
    send(hex('05010003 06 612e74657374 01bb')),
    { type: 'open', rest: Buffer.alloc(0), bound: { host: '127.0.0.1', port: 80 } },
    'complete',
  ];

  it('method, password and reply, each split at every byte', () => {
    for (let which = 0; which < replies.length; which++) {
      for (const chunks of splits(replies[which] as Uint8Array)) {
        const all = replies.flatMap((reply, i) => (i === which ? chunks : [reply]));
        expect(plain(seen(of(...all).pipe(negotiateSocks5(config))))).toEqual(steps);
      }
    }
  });

  it.each([
    [1, 'SOCKS_FAILURE'],
    [2, 'SOCKS_NOT_ALLOWED'],
    [3, 'SOCKS_NETWORK_UNREACHABLE'],
    [4, 'SOCKS_HOST_UNREACHABLE'],
    [5, 'SOCKS_CONNECTION_REFUSED'],
    [6, 'SOCKS_TTL_EXPIRED'],
    [7, 'SOCKS_COMMAND_UNSUPPORTED'],
    [8, 'SOCKS_ADDRESS_UNSUPPORTED'],
    [9, 'SOCKS_FAILURE'],
  ])('reply %i is %s', (code, name) => {
    const reply = Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
    expect(seen(of(hex('0500'), reply).pipe(negotiateSocks5(config))).at(-1)).toBe(`error ${name}`);
  });

  it('is let go: by the consumer, and by itself once it is open', () => {
    const source = new Subject<Uint8Array>();
    source.pipe(negotiateSocks5(config)).subscribe().unsubscribe();
    expect(source.observed).toBe(false);
    source.pipe(negotiateSocks5(config)).subscribe();
    for (const reply of replies) source.next(reply);
    expect(source.observed).toBe(false);
    expect(plain(seen(concat(of(...replies), NEVER).pipe(negotiateSocks5(config))))).toEqual(steps);
  });

  it('each subscription is a handshake of its own', () => {
    const steps$ = of(...replies).pipe(negotiateSocks5(config));
    for (let i = 0; i < 2; i++) expect(plain(seen(steps$))).toEqual(steps);
  });
});
