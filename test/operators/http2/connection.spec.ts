import { describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { Http2ErrorCode } from '../../../operators/http2/error-code.js';
import { pingFrame } from '../../../operators/http2/frames/ping-frame.js';
import { rstStreamFrame } from '../../../operators/http2/frames/rst-stream-frame.js';
import { windowUpdateFrame } from '../../../operators/http2/frames/window-update-frame.js';
import { randomCuts } from '../../support/every-split.js';
import { codeOf, http2Scene, OK, REQUEST, type Scene } from './scene.js';
import { describeFrame, thrown } from './frames.js';

/** How bytes are cut on their way. */
const CUTS: readonly [string, (bytes: Uint8Array, index: number) => Iterable<Uint8Array> | number][] = [
  ['whole', (bytes) => bytes.length],
  ['byte by byte', () => 1],
  ['in twos', () => 2],
  ['in sevens', () => 7],
  ...[1, 2, 3].map((seed): [string, (bytes: Uint8Array, index: number) => Uint8Array[]] => [
    `at random ${seed}`,
    (bytes, index) => randomCuts(bytes, seed * 1000 + index, 40),
  ]),
];

/** Body pieces depend on how the bytes were cut: only how many there were does not. */
function summed(told: readonly string[]): string[] {
  const lines: string[] = [];
  for (const line of told) {
    const [, name, bytes] = /^(\S+) (\d+) bytes$/.exec(line) ?? [];
    const [, before, count] = /^(\S+) (\d+) bytes$/.exec(lines.at(-1) ?? '') ?? [];
    if (name !== undefined && name === before)
      lines[lines.length - 1] = `${name} ${Number(count) + Number(bytes)} bytes`;
    else lines.push(line);
  }
  return lines;
}

function serverTalk({ connection, peer, streams, flush }: Scene): void {
  connection.open();
  peer.begin();
  flush();
  const get = peer.get('/a');
  const post = peer.post('/b', { 'content-length': '7' });
  peer.data(post, 'abc').data(post, 'defg').headers(post, { 'x-sum': '7' }, true);
  flush();
  for (const stream of streams) {
    stream.headers(new Fields({ 'x-id': String(stream.id) }), [':status', '103']);
    stream.headers(new Fields(), OK);
    stream.data(Buffer.from(`for ${stream.id}`));
    stream.end(stream.id === post ? new Fields({ 'x-trailer': 'y' }) : undefined);
  }
  flush();
  expect(peer.of(get).body.toString()).toBe('for 1');
  expect(peer.of(post).heads.map((head) => Object.values(head).join())).toEqual(['103,3', '200', 'y']);
}

function clientTalk({ connection, peer, flush, sink }: Scene): void {
  connection.open();
  peer.begin();
  flush();
  const a = connection.request(sink('a'), new Fields({ x: 'y' }), REQUEST, true);
  const b = connection.request(sink('b'), new Fields(), REQUEST, false);
  b.data(Buffer.from('upload'));
  b.end(new Fields({ t: 'u' }));
  flush();
  peer.headers(a.id, { ':status': '100' }).headers(a.id, { ':status': '200' });
  peer.data(a.id, 'hello').data(a.id, ' world').headers(a.id, { 'x-sum': '11' }, true);
  peer.respond(b.id);
  flush();
  expect(peer.of(b.id).body.toString()).toBe('upload');
  expect(peer.of(b.id).heads.at(-1)).toEqual({ t: 'u' });
}

describe('Http2Connection', () => {
  it.each(CUTS)('server: requests, bodies, trailers, responses; bytes come %s', (_, chunking) => {
    http2Scene(
      'server',
      (scene) => {
        serverTalk(scene);
        expect(summed(scene.told)).toEqual([
          '1 GET /a end',
          '3 POST /b',
          '3 7 bytes',
          '3 | x-sum: 7',
          '1 sent',
          '3 sent',
        ]);
        expect(scene.connection.lanes.streams.size).toBe(0);
        expect(scene.connection.lanes.credit.ledger.charged).toBe(0);
      },
      { chunking },
    );
  });

  it.each(CUTS)('client: interim and final responses, trailers, uploads; bytes come %s', (_, chunking) => {
    http2Scene(
      'client',
      (scene) => {
        clientTalk(scene);
        expect(summed(scene.told)).toEqual([
          'a sent',
          'b sent',
          'a 100',
          'a 200',
          'a 11 bytes',
          'a | x-sum: 11',
          'b 200',
          'b |',
        ]);
        expect(scene.connection.lanes.streams.size).toBe(0);
        expect(scene.connection.lanes.credit.ledger.charged).toBe(0);
      },
      { chunking },
    );
  });

  it('sends its preface and settings at once, and acknowledges those of the peer', () => {
    http2Scene('client', ({ connection, peer, flush }) => {
      connection.open();
      peer.begin({ maxConcurrentStreams: 7 });
      flush();
      expect(peer.words.slice(0, 2)).toEqual(['SETTINGS 0', 'WINDOW_UPDATE 0']);
      expect(peer.words.at(-1)).toBe('SETTINGS 0 ack');
      expect(connection.lanes.settings.remote.maxConcurrentStreams).toBe(7);
    });
  });

  it('answers PING, and measures its own', () => {
    http2Scene(
      'server',
      ({ connection, peer, flush, scheduler }) => {
        connection.open();
        peer.begin().send(pingFrame(Buffer.from('12345678')));
        flush();
        expect(describeFrame(peer.frames.at(-1) as never)).toBe('PING 0 0x1 opaque=3132333435363738');
        const from = scheduler.now();
        let answered = 0;
        for (let i = 0; i < 3; i++) connection.ping(() => (answered += scheduler.now() - from));
        flush();
        expect(answered).toBe(3 * 10);
      },
      { latency: 5 },
    );
  });

  it('takes no stream more than the peer allows', () => {
    http2Scene('client', ({ connection, peer, flush, sink }) => {
      connection.open();
      peer.begin({ maxConcurrentStreams: 1 });
      flush();
      const first = connection.request(sink('a'), [], REQUEST, true);
      expect(connection.mayOpen).toBe(false);
      expect(thrown(() => connection.request(sink('b'), [], REQUEST, true))).toBe('usage STREAM_LIMIT');
      peer.respond(first.id);
      flush();
      expect(connection.mayOpen).toBe(true);
    });
  });

  it('an error of one stream ends that stream, one of the connection all', () => {
    http2Scene('server', ({ connection, peer, flush, told }) => {
      connection.open();
      peer.begin();
      const [a, b] = [peer.post('/a', { 'content-length': '1' }), peer.post('/b')];
      peer.data(a, 'too long');
      flush();
      expect(peer.of(a).reset).toBe('PROTOCOL_ERROR');
      expect(connection.state).toBe('open');
      peer.send(windowUpdateFrame(0, 2 ** 31 - 1), windowUpdateFrame(0, 2 ** 31 - 1));
      flush();
      expect(peer.goaway).toBe('FLOW_CONTROL_ERROR');
      expect(told.slice(2)).toEqual([
        `${a} # PROTOCOL_ERROR`,
        `${b} # FLOW_CONTROL_ERROR`,
        'failed FLOW_CONTROL_ERROR',
        'closed nothing',
      ]);
    });
  });

  it('the peer closes: streams in use fail, and it is told', () => {
    for (const how of ['end', 'reset', 'middle'] as const) {
      http2Scene('server', ({ connection, peer, flush, told }) => {
        connection.open();
        peer.begin();
        peer.post();
        flush();
        if (how === 'reset') peer.socket.error(new Error('gone'));
        else {
          if (how === 'middle') peer.raw(Buffer.from([0, 0, 1]));
          peer.socket.complete();
        }
        flush();
        const code = { end: 'CONNECTION_CLOSED', reset: 'ECONNRESET', middle: 'TRUNCATED_FRAME' }[how];
        expect(told.slice(1)).toEqual([`1 # ${code}`, `closed ${code}`]);
        expect(connection.state).toBe('closed');
      });
    }
  });

  it('destroy ends it at once; after that nothing is sent and nothing told', () => {
    http2Scene('client', ({ connection, peer, flush, told, sink }) => {
      connection.open();
      peer.begin();
      flush();
      const stream = connection.request(sink('a'), [], REQUEST, false);
      connection.destroy(new Error('enough'));
      connection.destroy(new Error('again'));
      connection.close();
      connection.fail(new Error('again'));
      connection.ping(() => expect.fail());
      connection.write(pingFrame(Buffer.alloc(8)));
      stream.data(Buffer.from('x'));
      stream.reset(0);
      stream.end();
      flush();
      expect(told).toEqual(['a # Error: enough', 'closed Error: enough']);
      expect(peer.over).toBe('error');
    });
  });

  it('resets a stream: the others go on, and what was on its way is dropped', () => {
    http2Scene('client', ({ connection, peer, flush, told, sink }) => {
      connection.open();
      peer.begin();
      flush();
      const [a, b] = ['a', 'b'].map((name) => connection.request(sink(name), [], REQUEST, true)) as [
        ReturnType<typeof connection.request>,
        ReturnType<typeof connection.request>,
      ];
      flush();
      a.reset(Http2ErrorCode.CANCEL);
      peer.respond(a.id, 'late').respond(b.id, 'fine');
      flush();
      expect(peer.of(a.id).reset).toBe('CANCEL');
      expect(told).toEqual(['a sent', 'b sent', 'b 200', 'b 4 bytes', 'b |']);
    });
  });

  it('tells who was reset by the peer, with its code', () => {
    http2Scene('client', ({ connection, peer, flush, told, sink }) => {
      connection.open();
      peer.begin();
      flush();
      connection.request(sink('a'), [], REQUEST, true);
      flush();
      peer.send(rstStreamFrame(1, Http2ErrorCode.REFUSED_STREAM));
      flush();
      expect(told.at(-1)).toBe('a # REFUSED_STREAM');
    });
  });

  it('takes pushes where they are allowed', () => {
    http2Scene(
      'client',
      ({ connection, peer, flush, told, sink }) => {
        connection.open();
        peer.begin();
        flush();
        connection.request(sink('a'), [], REQUEST, true);
        flush();
        const list = [':method', 'GET', ':scheme', 'http', ':authority', 'a', ':path', '/pushed'];
        peer.send({ type: 5, flags: 4, streamId: 1, promisedId: 2, fragment: peer.encoder.encode(list), padLength: 0 });
        peer.respond(2, 'pushed').respond(1);
        flush();
        expect(told).toEqual(['a sent', '1 pushes 2 /pushed', '2 200', '2 6 bytes', '2 |', 'a 200', 'a |']);
      },
      { settings: { enablePush: true } },
    );
  });

  it('shows every frame, both ways', () => {
    http2Scene('server', ({ connection, peer, flush, streams }) => {
      const seen: string[] = [];
      connection.frames$.subscribe({
        next: ({ direction, frame }) => seen.push(`${direction} ${describeFrame(frame).split(' ')[0]}`),
        complete: () => seen.push('|'),
      });
      connection.open();
      peer.begin().get();
      flush();
      streams[0]?.headers([], OK, true);
      connection.destroy(undefined);
      expect(seen).toEqual([
        'out SETTINGS',
        'out WINDOW_UPDATE',
        'in SETTINGS',
        'out SETTINGS',
        'in HEADERS',
        'in SETTINGS',
        'out HEADERS',
        '|',
      ]);
    });
  });

  it('closes after so many streams, gracefully', () => {
    http2Scene(
      'server',
      ({ connection, peer, flush, streams }) => {
        connection.open();
        peer.begin();
        for (let i = 0; i < 3; i++) peer.get();
        flush();
        expect(connection.state).toBe('closing');
        for (const stream of streams) stream.headers([], OK, true);
        flush();
        expect(peer.goaways.map(({ lastStreamId, errorCode }) => [lastStreamId, errorCode])).toEqual([
          [2 ** 31 - 1, 0],
          [5, 0],
        ]);
        expect(peer.ids.map((id) => peer.of(id).ended)).toEqual([true, true, true]);
        expect(connection.state).toBe('closed');
      },
      { limits: { maxStreams: 2 } },
    );
  });

  it('refuses limits there are none of', () => {
    for (const limits of [{ maxSomething: 1 }, { maxFields: -1 }, { maxResets: 5 }, { connectionWindow: NaN }]) {
      expect(() => http2Scene('server', () => undefined, { limits: limits as never })).toThrow(
        expect.objectContaining({ code: 'INVALID_LIMIT' }) as Error,
      );
    }
    expect(codeOf(undefined)).toBe('nothing');
  });
});
