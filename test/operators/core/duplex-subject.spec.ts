import { NEVER, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold } from '../../../operators/core/deliver.js';
import { DuplexSubject, type DuplexDestination } from '../../../operators/core/duplex-subject.js';
import { marbles } from '../../support/marbles.js';

function recorder(): { log: string[]; destination: DuplexDestination<string> } {
  const log: string[] = [];
  return {
    log,
    destination: {
      next: (value) => log.push(value),
      error: (error) => log.push(`error ${String(error)}`),
      complete: () => log.push('complete'),
      cork: () => log.push('cork'),
      uncork: () => log.push('uncork'),
      flush: () => log.push('flush'),
    },
  };
}

it(
  'is the Observable of what arrives',
  marbles((m) => {
    const source = m.hot('-a-b-|');
    const duplex = new DuplexSubject(source, recorder().destination, undefined);
    m.expect(duplex).toBeObservable('-a-b-|');
    m.expect(duplex, '--!').toBeObservable('-a-');
    m.expect(source).toHaveSubscriptions(['^----!', '^-!']);
  }),
);

describe('sending', () => {
  it('goes to the destination', () => {
    const { log, destination } = recorder();
    const duplex = new DuplexSubject(NEVER, destination, { port: 1 });
    duplex.cork();
    duplex.next('a');
    duplex.uncork();
    duplex.flush();
    duplex.complete();
    duplex.error('e');
    expect(log).toEqual(['cork', 'a', 'uncork', 'flush', 'complete', 'error e']);
    expect(duplex.info.port).toBe(1);
  });

  it('needs no cork', () => {
    const { next, error, complete } = recorder().destination;
    const duplex = new DuplexSubject(NEVER, { next, error, complete }, undefined);
    expect(() => {
      duplex.cork();
      duplex.uncork();
    }).not.toThrow();
  });

  it('makes a proxy of subscribe: what is backed up on one side holds the other', () => {
    const arriving = new Subject<string>();
    let release: (() => void) | undefined;
    const backedUp = { ...recorder().destination, next: () => (release = hold()) };
    const a = new DuplexSubject<string, string>(arriving, recorder().destination, undefined);
    const b = new DuplexSubject<string, string>(NEVER, backedUp, undefined);
    a.subscribe(b);
    const back: string[] = [];
    deliver(arriving, 'chunk', (value) => back.push(value));
    expect(back).toEqual([]);
    release?.();
    expect(back).toEqual(['chunk']);
  });
});
