import { describe, expect, it, vi } from 'vitest';
import * as here from '../../../operators/core/protocol-error.js';

const { NetworkError, ProtocolError, TimeoutError, UsageError } = here;

describe('fields', () => {
  it('ProtocolError says how far, by whom, and what goes on the wire', () => {
    const cause = new Error('cause');
    const error = new ProtocolError('CODE', 'message', { scope: 'stream', wireCode: 431, limit: 'maxFields', cause });
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'CODE', message: 'message', scope: 'stream' });
    expect(error).toMatchObject({ initiator: 'remote', wireCode: 431, limit: 'maxFields', cause });
    expect(error).toBeInstanceOf(Error);
    expect(`${error}`).toBe('ProtocolError: message');
  });

  it('has careful defaults', () => {
    const error = new ProtocolError('CODE', 'message');
    expect(error).toMatchObject({ scope: 'connection', initiator: 'remote', wireCode: 0, limit: undefined });
    expect('cause' in error).toBe(false);
  });

  it('TimeoutError names its clock', () => {
    const error = new TimeoutError('head', 30_000);
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'TIMEOUT_HEAD', phase: 'head', milliseconds: 30_000 });
    expect(error.message).toBe('head timeout after 30000 ms');
  });

  it('NetworkError keeps the code of Node and its error', () => {
    const cause = new Error('connect ECONNREFUSED');
    const error = new NetworkError('ECONNREFUSED', 'connect', cause.message, cause);
    expect(error).toMatchObject({ name: 'NetworkError', code: 'ECONNREFUSED', phase: 'connect', cause });
  });

  it('UsageError', () => {
    expect(new UsageError('CODE', 'message')).toMatchObject({ name: 'UsageError', code: 'CODE' });
  });
});

describe('guards', () => {
  const errors = (from: typeof here): Error[] => [
    new from.ProtocolError('A', ''),
    new from.TimeoutError('idle', 1),
    new from.NetworkError('B', 'read', ''),
    new from.UsageError('C', ''),
  ];
  const guards = [here.isProtocolError, here.isTimeoutError, here.isNetworkError, here.isUsageError];

  it('each knows its own type and no other', () => {
    errors(here).forEach((error, at) =>
      expect(guards.map((guard) => guard(error))).toEqual(guards.map((_, i) => i === at)),
    );
    for (const value of [null, undefined, 'text', 5, {}, new Error(''), { name: 'ProtocolError' }]) {
      expect(guards.some((guard) => guard(value))).toBe(false);
    }
  });

  it('work across two copies of the package, where instanceof does not', async () => {
    vi.resetModules();
    const copy = await import('../../../operators/core/protocol-error.js');
    expect(new copy.ProtocolError('A', '')).not.toBeInstanceOf(ProtocolError);
    errors(copy).forEach((error, at) => expect(guards[at]?.(error)).toBe(true));
  });
});
