import { describe, expect, it } from 'vitest';
import { goawayFrame } from '../../../operators/http2/frames/goaway-frame.js';
import { pingFrame } from '../../../operators/http2/frames/ping-frame.js';
import { connectionError } from '../../../operators/http2/http2-error.js';
import { http2Scene, OK, REQUEST } from './scene.js';

const MOST = 2 ** 31 - 1;

describe('Shutdown', () => {
  it('server: says so, waits for the answer to a PING, finishes what it has taken, refuses nothing that was on its way', () => {
    http2Scene(
      'server',
      ({ connection, peer, told, streams, scheduler, flush }) => {
        connection.open();
        peer.begin().get('/a');
        scheduler.schedule(() => connection.close(), 20);
        scheduler.schedule(() => peer.get('/b'), 22); // crosses with GOAWAY
        scheduler.schedule(() => peer.get('/c'), 42); // after the client knows
        scheduler.schedule(() => {
          for (const stream of streams) stream.headers([], OK, true);
        }, 60);
        flush();
        expect(peer.goaways.map(({ lastStreamId, errorCode }) => [lastStreamId, errorCode])).toEqual([
          [MOST, 0],
          [3, 0],
        ]);
        expect(told.filter((line) => line.includes('GET'))).toEqual(['1 GET /a end', '3 GET /b end']);
        expect([1, 3, 5].map((id) => peer.of(id).ended)).toEqual([true, true, false]);
        expect(told.slice(-4)).toEqual(['1 sent', 'failed nothing', '3 sent', 'closed nothing']);
        expect(peer.over).toBe('end');
      },
      { latency: 5 },
    );
  });

  it('server: closes at once where nothing is under way, once the client has answered', () => {
    http2Scene('server', ({ connection, peer, flush }) => {
      connection.open();
      peer.begin();
      flush();
      connection.close();
      connection.close();
      expect(connection.state).toBe('closing');
      flush();
      expect(connection.state).toBe('closed');
      expect(peer.goaways).toHaveLength(2);
    });
  });

  it('client: takes no further requests, and ends when the last response has come', () => {
    http2Scene('client', ({ connection, peer, flush, told, sink }) => {
      connection.open();
      peer.begin();
      flush();
      const stream = connection.request(sink('a'), [], REQUEST, true);
      connection.close();
      expect([connection.mayOpen, connection.state]).toEqual([false, 'closing']);
      peer.respond(stream.id, 'fine');
      flush();
      expect(told).toEqual(['a sent', 'draining', 'a 200', 'a 4 bytes', 'failed nothing', 'a |', 'closed nothing']);
      expect(peer.goaway).toBe('NO_ERROR');
    });
  });

  it('GOAWAY: what the peer has not looked at fails so that it can be sent again, the others finish', () => {
    http2Scene('client', ({ connection, peer, flush, told, sink }) => {
      connection.open();
      peer.begin();
      flush();
      for (const name of ['a', 'b', 'c']) connection.request(sink(name), [], REQUEST, true);
      flush();
      peer.send(goawayFrame(MOST, 0));
      flush();
      expect(told.slice(3)).toEqual(['draining']);
      peer.send(goawayFrame(3, 0));
      flush();
      expect(told.slice(4)).toEqual(['c # STREAM_UNPROCESSED']);
      peer.respond(1).respond(3);
      flush();
      expect(told.slice(5)).toEqual(['a 200', 'a |', 'b 200', 'failed nothing', 'b |', 'closed nothing']);
    });
  });

  it('GOAWAY that takes back less than one before is an error', () => {
    http2Scene('client', ({ connection, peer, flush, sink }) => {
      connection.open();
      peer.begin();
      flush();
      connection.request(sink('a'), [], REQUEST, true);
      peer.send(goawayFrame(1, 0), goawayFrame(5, 0));
      flush();
      expect(peer.goaway).toBe('PROTOCOL_ERROR');
    });
  });

  it('an error: GOAWAY with what is wrong, all streams fail, and what still comes is dropped', () => {
    http2Scene('server', ({ connection, peer, flush, told }) => {
      connection.open();
      peer.begin().get();
      flush();
      connection.fail(connectionError('INTERNAL_ERROR', 'something is wrong'));
      expect(connection.state).toBe('lingering');
      peer.get();
      peer.raw(Buffer.alloc(1000, 0xff));
      flush();
      expect(told.slice(1)).toEqual(['1 # INTERNAL_ERROR', 'failed INTERNAL_ERROR', 'closed nothing']);
      expect(
        peer.goaways.map(({ lastStreamId, debugData }) => [lastStreamId, Buffer.from(debugData).toString()]),
      ).toEqual([[1, 'something is wrong']]);
    });
  });

  it('an error while closing; and one that is none of ours', () => {
    http2Scene('server', ({ connection, peer, flush, told }) => {
      connection.open();
      peer.begin().post();
      flush();
      connection.close();
      connection.fail(new Error('a bug'));
      connection.close();
      flush();
      expect(told.slice(1)).toEqual(['draining', '1 # Error: a bug', 'failed Error: a bug', 'closed nothing']);
      expect(peer.goaway).toBe('INTERNAL_ERROR');
      expect(peer.goaways.at(-1)?.debugData).toHaveLength(0);
    });
  });

  it('is told by the state', () => {
    http2Scene(
      'server',
      ({ connection, peer, flush }) => {
        connection.open();
        peer.begin().send(pingFrame(Buffer.alloc(8)));
        flush();
        expect(connection.state).toBe('open');
        connection.close();
        flush();
        expect(connection.state).toBe('closing'); // the PING is not answered
        connection.destroy(undefined);
        expect(connection.state).toBe('closed');
      },
      { polite: false },
    );
  });
});
