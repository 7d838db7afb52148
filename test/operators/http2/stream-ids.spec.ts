import { describe, expect, it } from 'vitest';
import { StreamIds } from '../../../operators/http2/stream-ids.js';
import { thrown } from './frames.js';

describe('StreamIds', () => {
  it('a client counts 1, 3, 5, a server 2, 4, 6', () => {
    const client = new StreamIds('client');
    const server = new StreamIds('server');
    expect([client.takeLocal(), client.takeLocal(), client.lastLocal]).toEqual([1, 3, 3]);
    expect([server.takeLocal(), server.takeLocal(), server.lastLocal]).toEqual([2, 4, 4]);
    expect([client.isLocal(7), client.isLocal(8), server.isLocal(7), server.isLocal(8)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('C20: ids of the wrong parity, reused ones and lower ones are connection PROTOCOL_ERRORs', () => {
    const server = new StreamIds('server');
    server.openPeer(5);
    for (const streamId of [2, 5, 3, 1])
      expect(thrown(() => server.openPeer(streamId))).toBe('connection PROTOCOL_ERROR 1');
    server.openPeer(7);
    expect(server.lastPeer).toBe(7);
  });

  it('a use passes over lower idle ids of its side only', () => {
    const server = new StreamIds('server');
    server.openPeer(5);
    expect([1, 3, 5, 7, 2].map((streamId) => server.isIdle(streamId))).toEqual([false, false, false, true, true]);
    server.takeLocal();
    expect([2, 4].map((streamId) => server.isIdle(streamId))).toEqual([false, true]);
  });

  it('ids run out', () => {
    const client = new StreamIds('client', 2 ** 31 - 3);
    expect(client.takeLocal()).toBe(2 ** 31 - 1);
    expect(client.exhausted).toBe(true);
    expect(thrown(() => client.takeLocal())).toBe('usage STREAM_IDS_EXHAUSTED');
    const server = new StreamIds('server', 2 ** 31 - 4);
    expect(server.takeLocal()).toBe(2 ** 31 - 2);
    expect(server.exhausted).toBe(true);
  });

  it('GOAWAY goes down, not up', () => {
    const client = new StreamIds('client');
    client.receiveGoaway(2 ** 31 - 1);
    client.receiveGoaway(5);
    client.receiveGoaway(5);
    expect(client.goawayReceived).toBe(5);
    expect(thrown(() => client.receiveGoaway(7))).toBe('connection PROTOCOL_ERROR 1');
  });
});
