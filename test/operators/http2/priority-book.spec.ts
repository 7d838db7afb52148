import { describe, expect, it } from 'vitest';
import { priorityUpdateFrame } from '../../../operators/http2/frames/priority-update-frame.js';
import { http2Scene } from './scene.js';

describe('PriorityBook', () => {
  it('takes the field of the request, and an update that came before it over that', () => {
    http2Scene('server', ({ connection, peer, flush, streams }) => {
      connection.open();
      peer.begin().send(priorityUpdateFrame(3, 'u=7'));
      peer.get('/', { priority: 'u=1, i' });
      peer.get('/', { priority: 'u=2' });
      peer.get('/');
      flush();
      expect(streams.map(({ priority }) => priority && [priority.urgency, priority.incremental])).toEqual([
        [1, true],
        [7, false],
        undefined,
      ]);
    });
  });

  it('changes a stream that is open', () => {
    http2Scene('server', ({ connection, peer, flush, streams }) => {
      connection.open();
      peer.begin().get();
      peer.send(priorityUpdateFrame(1, 'u=6, i'));
      flush();
      expect(streams[0]?.priority).toMatchObject({ urgency: 6, incremental: true });
    });
  });

  it('keeps no more than a few for what is to come, and counts those for what is over', () => {
    http2Scene('server', ({ connection, peer, flush }) => {
      connection.open();
      peer.begin();
      for (let i = 0; i < 70; i++) peer.send(priorityUpdateFrame(2 * i + 1001, 'u=1'));
      flush();
      expect(connection.lanes.receiver.abuse.glitches).toBe(6);
      peer.get();
      connection.lanes.streams.get(1)?.reset(8);
      flush();
      connection.lanes.streams.get(1)?.reset(8);
      peer.send(priorityUpdateFrame(1, 'u=1'));
      flush();
      expect(connection.lanes.receiver.abuse.glitches).toBe(7);
    });
  });

  it('for a push that is not promised it is an error', () => {
    http2Scene('server', ({ connection, peer, flush }) => {
      connection.open();
      peer.begin().send(priorityUpdateFrame(2, 'u=1'));
      flush();
      expect(peer.goaway).toBe('PROTOCOL_ERROR');
    });
  });

  it('a value that is none counts as the default', () => {
    http2Scene('server', ({ connection, peer, flush, streams }) => {
      connection.open();
      peer.begin().get();
      peer.send(priorityUpdateFrame(1, 'nonsense ='));
      flush();
      expect(streams[0]?.priority).toMatchObject({ urgency: 3, incremental: false });
    });
  });
});
