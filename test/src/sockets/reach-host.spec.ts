import { createServer, type AddressInfo, type LookupFunction } from 'node:net';
import {
  concat,
  delay,
  EMPTY,
  finalize,
  firstValueFrom,
  map,
  NEVER,
  type Observable,
  of,
  throwError,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import { nodeNetwork, type ConnectTarget } from '../../../src/sockets/network.js';
import type { ResolvedAddress, Resolver } from '../../../src/sockets/resolved-address.js';
import { systemResolver } from '../../../src/sockets/system-resolver.js';
import { runMarbles } from '../../support/marbles.js';
import { dial, failure, handles, serve, until } from './harness.js';
import { world } from './memory-world.js';

const at = (...addresses: string[]): readonly ResolvedAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const answering =
  (...addresses: string[]): Resolver =>
  () =>
    of(at(...addresses));

const never = ((): never => {
  throw new Error('it was asked');
}) as unknown as LookupFunction;

/** A port where only 127.0.0.1 answers. */
async function port(): Promise<number> {
  return (await serve()).port;
}

describe('over real sockets', () => {
  it('a name is resolved by the system unless told otherwise, each family apart', async () => {
    const answers = await firstValueFrom(systemResolver('localhost').pipe(toArray()));
    expect(answers.flat()).toContainEqual({ address: '127.0.0.1', family: 4 });
    expect(await firstValueFrom(systemResolver('localhost', 4))).toEqual([{ address: '127.0.0.1', family: 4 }]);
    expect((await dial({ host: 'localhost', port: await port() })).info.remote.address).toBe('127.0.0.1');
  });

  it('a name nobody knows fails in phase resolve', async () => {
    expect(await failure({ host: 'nobody.invalid', port: 1 })).toMatchObject({
      name: 'NetworkError',
      phase: 'resolve',
    });
  });

  it('a resolver decides alone, and is told the name', async () => {
    const asked: string[] = [];
    const resolver: Resolver = (name) => {
      asked.push(name);
      return of(at('127.0.0.1'));
    };
    const made = await dial({ host: 'anything.example', port: await port(), resolver, lookup: never });
    expect(made.info.remote.address).toBe('127.0.0.1');
    expect(asked).toEqual(['anything.example']);
  });

  it('is not asked about an address, nor about a UNIX socket', async () => {
    await dial({ host: '127.0.0.1', port: await port(), resolver: never as never });
    const path = `/tmp/rxweir-${process.pid}-reach.sock`;
    await serve({ path });
    await dial({ host: 'anything.example', port: 1, path, resolver: never as never });
  });

  it('an address where nobody listens is left for the next at once', async () => {
    const resolver = answering('127.0.0.9', '127.0.0.8', '127.0.0.1');
    expect((await dial({ host: 'a.example', port: await port(), resolver })).info.remote.address).toBe('127.0.0.1');
  });

  it('all failures are told, with their causes', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await until(() => closed.listening);
    const { port: gone } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const error = await failure({ host: 'a.example', port: gone, resolver: answering('127.0.0.1', '127.0.0.2') });
    expect(error).toMatchObject({ name: 'NetworkError', code: 'ECONNREFUSED', phase: 'connect' });
    expect(error['message']).toMatch(/127\.0\.0\.1:\d+; connect ECONNREFUSED 127\.0\.0\.2/);
    expect((error['cause'] as AggregateError).errors).toMatchObject([
      { code: 'ECONNREFUSED' },
      { code: 'ECONNREFUSED' },
    ]);
  });

  it('a family is all that is tried', async () => {
    const target: ConnectTarget = { host: 'a.example', port: await port(), resolver: answering('::1', '127.0.0.1') };
    expect((await dial({ ...target, family: 4 })).info.remote.address).toBe('127.0.0.1');
    expect(await failure({ ...target, resolver: answering('127.0.0.1'), family: 6 })).toMatchObject({
      code: 'ENOTFOUND',
    });
  });

  it.each<[string, () => Observable<readonly ResolvedAddress[]>, object]>([
    ['throws', () => JSON.parse('{'), { name: 'NetworkError', phase: 'resolve', code: 'LOOKUP_FAILED' }],
    ['fails', () => throwError(() => new Error('no')), { name: 'NetworkError', phase: 'resolve', message: 'no' }],
    ['has nothing', () => EMPTY, { name: 'NetworkError', phase: 'resolve', code: 'ENOTFOUND' }],
    ['answers with a name', () => of([{ address: 'b.example', family: 4 }]), { phase: 'resolve', code: 'BAD_ADDRESS' }],
    ['answers an odd form', () => of([{ address: '0x7f.1', family: 4 }]), { phase: 'resolve', code: 'BAD_ADDRESS' }],
    ['mistakes a family', () => of([{ address: '127.0.0.1', family: 6 }]), { phase: 'resolve', code: 'BAD_ADDRESS' }],
    [
      'answers with nonsense',
      () => of(7 as unknown as readonly ResolvedAddress[]),
      { phase: 'resolve', name: 'NetworkError' },
    ],
  ])('a resolver that %s', async (_, resolver, expected) => {
    expect(await failure({ host: 'a.example', port: 1, resolver })).toMatchObject(expected);
  });

  it('unsubscribing lets the resolver go, and leaves no socket', async () => {
    let left = 0;
    const before = handles();
    const resolver: Resolver = () => concat(of(at('127.0.0.1', '127.0.0.2')), NEVER).pipe(finalize(() => left++));
    const target = { host: 'a.example', port: await port(), resolver };
    const listening = handles();
    for (let i = 0; i < 10; i++) nodeNetwork.connect(target).subscribe().unsubscribe();
    expect(left).toBe(10);
    await until(() => handles().length <= listening.length);
    expect(before.length).toBeLessThanOrEqual(listening.length);
  });

  it('J4 a name with a NUL, or another control character, is asked of nobody', async () => {
    for (const host of ['127.0.0.1\0.example.com', 'a\r\nb', 'a b', 'a\x7f']) {
      expect(await failure({ host, port: 1, resolver: never as never })).toMatchObject({ code: 'INVALID_OPTION' });
    }
  });
});

describe('in memory, on virtual time', () => {
  const six = '2001:db8::1';
  const four = '192.0.2.1';

  it('the second address wins where the first one hangs, and each attempt has its own faults', () => {
    world(
      { latency: 5, faults: (_attempt, _target, host) => (host === six ? { connect: 'hang' } : undefined) },
      { port: 80 },
      ({ network, expectObservable }) => {
        const made = network
          .connect({ host: 'a.example', port: 80, resolver: answering(six, four) })
          .pipe(map(({ info }) => info.remote.address));
        expectObservable(made).toBe('255ms (a|)', { a: four });
      },
    );
  });

  it('listeners have addresses, and names lead to them', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const network = memoryNetwork({ scheduler, latency: 1 });
      network.listen({ host: four, port: 80 }).subscribe(({ connections }) => connections.subscribe());
      const to = (target: Partial<ConnectTarget>): Observable<string> =>
        network.connect({ host: 'a.example', port: 80, ...target }).pipe(map(({ info }) => info.remote.address));
      expectObservable(to({ resolver: answering(six, four) })).toBe('--(a|)', { a: four });
      expectObservable(to({ resolver: () => of(at(four)).pipe(delay(3, scheduler)) })).toBe('----(a|)', { a: four });
    });
  });

  it('TLS is with the one that won, for the name', () => {
    world({ latency: 1 }, { port: 443, tls: {} }, ({ network, expectObservable }) => {
      const made = network.connect({ host: 'a.example', port: 443, tls: {}, resolver: answering(four) });
      expectObservable(made.pipe(map(({ info }) => [info.remote.address, info.tls?.servername]))).toBe('-(a|)', {
        a: [four, 'a.example'],
      });
    });
  });

  it('the policy judges literal addresses, and what a resolver finds', () => {
    world({}, { port: 80 }, ({ network, expectObservable }) => {
      const addressPolicy = ({ address }: ResolvedAddress): boolean => address !== four;
      const refusal = expect.objectContaining({ code: 'ADDRESS_REFUSED' }) as never;
      expectObservable(network.connect({ host: four, port: 80, addressPolicy })).toBe('#', {}, refusal);
      const resolver = answering(four);
      expectObservable(network.connect({ host: 'a.example', port: 80, resolver, addressPolicy })).toBe(
        '#',
        {},
        refusal,
      );
    });
  });
});
