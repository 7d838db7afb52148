import { describe, expect, it } from 'vitest';
import { settingsAckFrame } from '../../../operators/http2/frames/settings-frame.js';
import type { SettingsState } from '../../../operators/http2/settings-exchange.js';
import { http2Scene, OK } from './scene.js';
import { thrown } from './frames.js';

describe('SettingsExchange', () => {
  it('tells the state at once, at each change, and that it is over', () => {
    http2Scene(
      'server',
      ({ connection, peer, flush, scheduler }) => {
        const seen: string[] = [];
        const show = ({ local, remote, pending }: SettingsState): string =>
          `${scheduler.now()} ${local.maxConcurrentStreams} ${remote.initialWindowSize} ${pending}`;
        connection.settings$.subscribe({ next: (state) => seen.push(show(state)), complete: () => seen.push('|') });
        connection.open();
        peer.begin({ initialWindowSize: 7 });
        flush();
        connection.changeSettings({ maxConcurrentStreams: 5 });
        connection.changeSettings({ maxConcurrentStreams: 6 });
        flush();
        connection.destroy(undefined);
        const all = String(2 ** 32 - 1);
        const words = seen.map((line) => line.replace('Infinity', all).replace(all, 'all'));
        expect(words).toEqual([
          '0 all 65535 0',
          '0 all 65535 1',
          '5 all 7 1',
          '10 100 7 0',
          '10 100 7 1',
          '10 100 7 2',
          '20 5 7 1',
          '20 6 7 0',
          '|',
        ]);
      },
      { latency: 5 },
    );
  });

  it('puts a smaller table into force when it is acknowledged, and not before', () => {
    http2Scene('server', ({ connection, peer, flush, told }) => {
      connection.open();
      peer.begin();
      flush();
      connection.changeSettings({ headerTableSize: 0 });
      peer.get('/before', { 'x-name': 'value' }); // still by the old table
      flush();
      peer.encoder.setMaxTableSize(0);
      peer.get('/after', { 'x-name': 'value' });
      flush();
      expect(told).toEqual(['1 GET /before end', '3 GET /after end']);
      expect(peer.goaway).toBeUndefined();
    });
  });

  it('a change of the window reaches the streams that are open', () => {
    http2Scene('server', ({ connection, peer, flush, streams }) => {
      connection.open();
      peer.begin({ initialWindowSize: 10 }).get();
      flush();
      const [stream] = streams as [NonNullable<(typeof streams)[0]>];
      stream.headers([], OK);
      stream.data(Buffer.alloc(30));
      stream.end();
      flush();
      expect([peer.of(1).body.length, stream.sendable]).toEqual([10, 0]);
      peer.settings({ id: 4, value: 5 });
      flush();
      expect(stream.sendable).toBe(-5);
      peer.settings({ id: 4, value: 30 });
      flush();
      expect([peer.of(1).body.length, peer.of(1).ended]).toEqual([30, true]);
    });
  });

  it('an acknowledgement for nothing is an error', () => {
    http2Scene('server', ({ connection, peer, flush }) => {
      connection.open();
      peer.begin();
      flush();
      peer.send(settingsAckFrame());
      flush();
      expect(peer.goaway).toBe('PROTOCOL_ERROR');
    });
  });

  it('refuses values that are none, and takes nothing back that cannot be', () => {
    http2Scene('server', ({ connection }) => {
      connection.open();
      for (const changes of [{ maxFrameSize: 1 }, { initialWindowSize: 2 ** 31 }, { enableConnectProtocol: false }]) {
        expect(thrown(() => connection.changeSettings(changes))).toBe('usage INVALID_SETTING');
      }
    });
  });
});
