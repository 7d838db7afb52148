import { asapScheduler, Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DuplexSubject } from '../../../operators/core/duplex-subject.js';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { memoryPair, type MemoryPairConfig } from '../../../src/sockets/memory-socket.js';
import { acceptTls, tlsOver } from '../../../src/sockets/tls.js';
import { certificates } from '../../support/certificates.js';
import { bytes, until } from './harness.js';
import { shake, type Carrier } from './tls-harness.js';

const { ca, server, other } = certificates();

function pair(config: MemoryPairConfig = {}): [ByteDuplex, ByteDuplex] {
  return memoryPair({ scheduler: asapScheduler, ...config });
}

describe('the handshake', () => {
  it('fails on both sides where the certificate is refused', async () => {
    const result = shake(...pair(), { ca }, other);
    await until(() => result.clientError !== undefined);
    expect(result.clientError).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', phase: 'tls' });
  });

  it.each<['toClient' | 'toServer', number]>([
    ['toClient', 0],
    ['toClient', 1],
    ['toClient', 100],
    ['toClient', 700],
    ['toServer', 0],
    ['toServer', 1],
    ['toServer', 100],
    ['toServer', 200],
  ])('fails in phase tls where the carrier ends %s after %i bytes', async (direction, offset) => {
    const [near, far] = pair();
    const left = { toClient: Infinity, toServer: Infinity, [direction]: offset };
    const result = shake(cutAfter(near, left.toServer), cutAfter(far, left.toClient));
    await until(() => result.clientError !== undefined && result.serverError !== undefined);
    expect(result.clientError).toMatchObject({ name: 'NetworkError', phase: 'tls' });
    expect(result.serverError).toMatchObject({ name: 'NetworkError', phase: 'tls' });
    await until(() => near.destroyed && far.destroyed);
  });

  it.each([0, 1, 100, 500])('fails where the carrier is reset after %i bytes', async (resetAfter) => {
    const [near, far] = pair({ resetAfter });
    const result = shake(near, far);
    await until(() => result.clientError !== undefined && result.serverError !== undefined);
    expect(result.clientError).toMatchObject({ name: 'NetworkError', code: 'ECONNRESET' });
    expect(result.serverError).toMatchObject({ name: 'NetworkError' });
  });

  it('fails on bytes that are not TLS', async () => {
    const [near, far] = pair();
    let error: unknown;
    tlsOver(near, { host: 'localhost', tls: { ca } }).subscribe({ error: (one: unknown) => (error = one) });
    far.subscribe({ error: () => undefined });
    far.next(bytes('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await until(() => error !== undefined);
    expect(error).toMatchObject({ name: 'NetworkError', phase: 'tls' });
    await until(() => near.destroyed);
  });

  it('is given up by unsubscribing, and the carrier with it', async () => {
    const [near, far] = pair();
    const attempt = tlsOver(near, { host: 'localhost', tls: { ca } }).subscribe();
    const accepting = acceptTls(far, server).subscribe({ error: () => undefined });
    attempt.unsubscribe();
    await until(() => near.destroyed);
    accepting.unsubscribe();
    await until(() => far.destroyed);
  });
});

/** A carrier that ends, both ways, once it was to send more than `offset` bytes. */
function cutAfter(carrier: ByteDuplex, offset: number): Carrier {
  let left = offset;
  const source = new Observable<Uint8Array>((subscriber) => carrier.subscribe(subscriber));
  return new DuplexSubject<Uint8Array, Uint8Array>(
    source,
    {
      next(chunk) {
        if (chunk.length > left) {
          carrier.next(chunk.subarray(0, left));
          carrier.complete();
        } else carrier.next(chunk);
        left = Math.max(0, left - chunk.length);
      },
      error: (error: unknown) => carrier.error(error),
      complete: () => carrier.complete(),
    },
    carrier.info,
  );
}
