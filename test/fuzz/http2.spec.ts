/**
 * Random and mutated frames into a connection of either role, in virtual time: nothing is thrown out of it, every run ends,
 * and when it is over nothing is kept. A failure names its seed.
 */
import { describe, expect, it } from 'vitest';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { serializeFrame, type OutboundFrame } from '../../operators/http2/frame.js';
import { continuationFrame } from '../../operators/http2/frames/continuation-frame.js';
import { dataFrame } from '../../operators/http2/frames/data-frame.js';
import { goawayFrame } from '../../operators/http2/frames/goaway-frame.js';
import { headersFrame } from '../../operators/http2/frames/headers-frame.js';
import { pingFrame } from '../../operators/http2/frames/ping-frame.js';
import { priorityFrame } from '../../operators/http2/frames/priority-frame.js';
import { priorityUpdateFrame } from '../../operators/http2/frames/priority-update-frame.js';
import { pushPromiseFrame } from '../../operators/http2/frames/push-promise-frame.js';
import { rstStreamFrame } from '../../operators/http2/frames/rst-stream-frame.js';
import { settingsAckFrame, settingsFrame } from '../../operators/http2/frames/settings-frame.js';
import { unknownFrame } from '../../operators/http2/frames/unknown-frame.js';
import { windowUpdateFrame } from '../../operators/http2/frames/window-update-frame.js';
import type { Http2Role } from '../../operators/http2/frame-decoder.js';
import { clientPreface } from '../../operators/http2/preface.js';
import { mulberry32, randomCuts } from '../support/every-split.js';
import { http2Scene, OK, REQUEST } from '../operators/http2/scene.js';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1500);
const FIRST = Number(process.env['FUZZ_SEED'] ?? 1);

class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = mulberry32(seed);
  }

  below(most: number): number {
    return Math.floor(this.#random() * most);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const LENGTHS = [0, 1, 8, 100, 5000, 16_384];
const NUMBERS = [0, 1, 2, 100, 16_384, 65_535, 2 ** 24 - 1, 2 ** 31 - 1];

/** One frame that may be right, on a stream that may be there. */
function someFrame(dice: Dice, encoder: HpackEncoder, role: Http2Role): OutboundFrame {
  const id = 1 + 2 * dice.below(12) + (dice.chance(0.1) ? 1 : 0);
  const endStream = dice.chance(0.4);
  const bytes = Buffer.alloc(dice.of(LENGTHS), dice.below(256));
  const padLength = dice.chance(0.2) ? dice.below(256) : undefined;
  const padding = padLength === undefined ? {} : { padLength };
  switch (dice.below(13)) {
    case 0:
    case 1:
    case 2: {
      const head = role === 'server' ? REQUEST : OK;
      const fields = dice.of([
        [],
        ['content-length', String(dice.of(LENGTHS))],
        ['x', 'y'],
        ['Bad Name', 'x'],
        ['te', 'gzip'],
      ]);
      const block = encoder.encode([...(dice.chance(0.9) ? head : [':odd', 'x']), ...(dice.chance(0.3) ? [] : fields)]);
      return headersFrame(id, block, { endStream, endHeaders: dice.chance(0.95), ...padding });
    }
    case 3:
    case 4:
      return dataFrame(id, bytes.subarray(0, 16_000), { endStream, ...padding });
    case 5:
      return rstStreamFrame(id, dice.below(20));
    case 6:
      return windowUpdateFrame(dice.chance(0.3) ? 0 : id, Math.max(1, dice.of(NUMBERS)));
    case 7:
      return dice.chance(0.2) ? settingsAckFrame() : settingsFrame([{ id: dice.below(10), value: dice.of(NUMBERS) }]);
    case 8:
      return pingFrame(Buffer.alloc(8), dice.chance(0.3));
    case 9:
      return dice.chance(0.5)
        ? priorityFrame(id, { dependency: id + 2 })
        : priorityUpdateFrame(id, dice.of(['u=1', 'i', '=', '']));
    case 10:
      return dice.chance(0.3)
        ? goawayFrame(dice.of(NUMBERS), dice.below(15))
        : continuationFrame(id, encoder.encode(['a', 'b']));
    case 11:
      return pushPromiseFrame(id, 2 + 2 * dice.below(8), encoder.encode(REQUEST));
    default:
      return unknownFrame(0x20 + dice.below(200), id, bytes.subarray(0, 100));
  }
}

/** What is sent in one run, cut as it arrives. */
function someBytes(dice: Dice, seed: number, role: Http2Role): Uint8Array[] {
  const encoder = new HpackEncoder();
  const parts: Uint8Array[] = [];
  if (role === 'server') parts.push(clientPreface());
  parts.push(serializeFrame(settingsFrame([])));
  if (dice.chance(0.7)) parts.push(serializeFrame(settingsAckFrame()));
  for (let i = dice.below(40); i >= 0; i--) parts.push(serializeFrame(someFrame(dice, encoder, role)));
  const all = Buffer.concat(parts);
  if (dice.chance(0.4)) {
    for (let i = 1 + dice.below(5); i > 0; i--) all[dice.below(all.length)] = dice.below(256);
  }
  const end = dice.chance(0.2) ? dice.below(all.length) : all.length;
  return randomCuts(all.subarray(0, end), seed, dice.of([1, 16, 500, 100_000]));
}

function run(seed: number, role: Http2Role): void {
  const dice = new Dice(seed);
  const push = dice.chance(0.3);
  http2Scene(
    role,
    ({ connection, peer, streams, kept, keep, flush, told, sink }) => {
      connection.open();
      keep.on = dice.chance(0.3);
      if (role === 'client') {
        for (let i = 0; i < 6; i++) connection.request(sink(`${i}`), [], REQUEST, dice.chance(0.5));
      }
      for (const piece of someBytes(dice, seed, role)) {
        peer.raw(piece);
        flush();
        if (!dice.chance(0.3)) continue;
        for (const stream of [...streams, ...connection.lanes.streams.all()]) {
          try {
            if (dice.chance(0.2)) stream.headers([], OK, dice.chance(0.5));
            if (dice.chance(0.3)) stream.data(Buffer.alloc(dice.of(LENGTHS)));
            if (dice.chance(0.2)) stream.end();
            if (dice.chance(0.1)) stream.reset(8);
          } catch (error) {
            if (
              (error as { code?: string }).code !== 'ILLEGAL_STREAM_STATE' &&
              (error as { code?: string }).code !== 'HEADER_LIST_TOO_LARGE'
            )
              throw error;
          }
        }
        if (dice.chance(0.3)) for (const release of kept.splice(0)) release();
        if (dice.chance(0.02)) connection.close();
      }
      if (dice.chance(0.5)) peer.socket.complete();
      flush();
      connection.destroy(undefined);
      for (const release of kept.splice(0)) release();
      flush();
      const { lanes, state } = connection;
      expect({
        state,
        charged: lanes.credit.ledger.charged,
        items: lanes.credit.ledger.items,
        held: lanes.credit.held,
        streams: lanes.streams.size,
        waits: lanes.sender.waits,
        closed: told.filter((line) => line.startsWith('closed')).length,
      }).toEqual({ state: 'closed', charged: 0, items: 0, held: 0, streams: 0, waits: false, closed: 1 });
    },
    { settings: role === 'client' && push ? { enablePush: true } : {}, polite: false },
  );
}

describe('fuzz', () => {
  it.each<Http2Role>(['server', 'client'])(
    'a connection in the role of the %s',
    (role) => {
      const faults: string[] = [];
      for (let seed = FIRST; seed < FIRST + RUNS && faults.length < 3; seed++) {
        try {
          run(seed, role);
        } catch (error) {
          faults.push(`seed ${seed}: ${(error as Error).stack?.split('\n').slice(0, 6).join('\n')}`);
        }
      }
      expect(faults).toEqual([]);
    },
    120_000,
  );
});
