import { getPackedSettings } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { parseSettingEntries, settingsFrame } from '../../../operators/http2/frames/settings-frame.js';
import { serializeFrame } from '../../../operators/http2/frame.js';
import { LocalSettings } from '../../../operators/http2/local-settings.js';
import {
  applySettings,
  DEFAULT_SETTINGS,
  settingEntries,
  settingId,
  settingName,
} from '../../../operators/http2/settings.js';
import { thrown } from './frames.js';

const apply = (id: number, value: number, from: 'client' | 'server' = 'client'): string =>
  thrown(() => applySettings(DEFAULT_SETTINGS, [{ id, value }], { from, first: true }));

describe('applySettings', () => {
  it('in order, the last counts, unknown ones are ignored', () => {
    const entries = [
      { id: 1, value: 0 },
      { id: 3, value: 7 },
      { id: 0xffff, value: 1 },
      { id: 7, value: 1 },
      { id: 3, value: 2 ** 32 - 1 },
      { id: 8, value: 1 },
    ];
    expect(applySettings(DEFAULT_SETTINGS, entries, { from: 'client' })).toEqual({
      ...DEFAULT_SETTINGS,
      headerTableSize: 0,
      maxConcurrentStreams: 2 ** 32 - 1,
      enableConnectProtocol: true,
    });
    expect(DEFAULT_SETTINGS.maxConcurrentStreams).toBe(Infinity);
  });

  it.each([
    ['C18: MAX_FRAME_SIZE 0', 5, 0, 'connection PROTOCOL_ERROR 1'],
    ['C18: MAX_FRAME_SIZE 16383', 5, 16_383, 'connection PROTOCOL_ERROR 1'],
    ['C18: MAX_FRAME_SIZE 16384', 5, 16_384, 'nothing'],
    ['C18: MAX_FRAME_SIZE 2^24 - 1', 5, 2 ** 24 - 1, 'nothing'],
    ['C18: MAX_FRAME_SIZE 2^24', 5, 2 ** 24, 'connection PROTOCOL_ERROR 1'],
    ['C18: MAX_FRAME_SIZE 2^32 - 1', 5, 2 ** 32 - 1, 'connection PROTOCOL_ERROR 1'],
    ['C18: INITIAL_WINDOW_SIZE 2^31 - 1', 4, 2 ** 31 - 1, 'nothing'],
    ['C18: INITIAL_WINDOW_SIZE 2^31', 4, 2 ** 31, 'connection FLOW_CONTROL_ERROR 3'],
    ['C18: INITIAL_WINDOW_SIZE 0', 4, 0, 'nothing'],
    ['ENABLE_PUSH 2', 2, 2, 'connection PROTOCOL_ERROR 1'],
    ['ENABLE_PUSH 1', 2, 1, 'nothing'],
    ['ENABLE_CONNECT_PROTOCOL 2', 8, 2, 'connection PROTOCOL_ERROR 1'],
    ['NO_RFC7540_PRIORITIES 2', 9, 2, 'connection PROTOCOL_ERROR 1'],
  ] as const)('%s', (_name, id, value, says) => {
    expect(apply(id, value)).toBe(says);
  });

  it('what may not change', () => {
    expect(apply(2, 1, 'server')).toBe('connection PROTOCOL_ERROR 1');
    expect(apply(2, 0, 'server')).toBe('nothing');
    const on = { ...DEFAULT_SETTINGS, enableConnectProtocol: true, noRfc7540Priorities: true };
    const later = (id: number, value: number): string =>
      thrown(() => applySettings(on, [{ id, value }], { from: 'server' }));
    expect(later(8, 0)).toBe('connection PROTOCOL_ERROR 1');
    expect(later(9, 0)).toBe('connection PROTOCOL_ERROR 1');
    expect(later(9, 1)).toBe('nothing');
  });
});

describe('settingEntries', () => {
  it('writes what node:http2 writes', () => {
    const ours = {
      headerTableSize: 100,
      enablePush: false,
      initialWindowSize: 5,
      maxFrameSize: 20_000,
      maxConcurrentStreams: 9,
    };
    const bytes = serializeFrame(settingsFrame(settingEntries(ours))).subarray(9);
    const theirs = getPackedSettings(ours);
    const sorted = (packed: Uint8Array): unknown[] => parseSettingEntries(packed).sort((a, b) => a.id - b.id);
    expect(sorted(bytes)).toEqual(sorted(theirs));
  });

  it('is undone by applySettings; Infinity is not said', () => {
    const ours = { ...DEFAULT_SETTINGS, enableConnectProtocol: true, maxHeaderListSize: 9, enablePush: false };
    expect(applySettings(DEFAULT_SETTINGS, settingEntries(ours), { from: 'server', first: true })).toEqual(ours);
    expect(settingEntries({ maxConcurrentStreams: Infinity })).toEqual([]);
  });

  it.each([
    { maxFrameSize: 1 },
    { initialWindowSize: 2 ** 31 },
    { headerTableSize: 1.5 },
    { enablePush: 1 as unknown as boolean },
    { maxConcurrentStreams: true as unknown as number },
    { other: 1 } as object,
  ])('refuses %o', (wrong) => {
    expect(thrown(() => settingEntries(wrong))).toBe('usage INVALID_SETTING');
  });

  it('names, both ways', () => {
    expect(settingName(settingId('maxFrameSize'))).toBe('maxFrameSize');
    expect(settingName(7)).toBeUndefined();
  });
});

describe('LocalSettings', () => {
  it('is in force when acknowledged, in order', () => {
    const local = new LocalSettings();
    expect(local.announce({ initialWindowSize: 10 })).toEqual([{ id: 4, value: 10 }]);
    local.announce({ initialWindowSize: 5, maxFrameSize: 20_000 });
    expect([local.pending, local.acknowledged, local.announced.initialWindowSize]).toEqual([2, DEFAULT_SETTINGS, 5]);
    expect([local.most('initialWindowSize'), local.most('maxFrameSize')]).toEqual([65_535, 20_000]);
    expect(local.acknowledge()).toMatchObject({ initialWindowSize: 10, maxFrameSize: 16_384 });
    expect(local.most('initialWindowSize')).toBe(10);
    expect(local.acknowledge()).toMatchObject({ initialWindowSize: 5, maxFrameSize: 20_000 });
    expect(local.pending).toBe(0);
    expect(thrown(() => local.acknowledge())).toBe('connection PROTOCOL_ERROR 1');
  });

  it('records nothing that cannot be said', () => {
    const local = new LocalSettings();
    expect(thrown(() => local.announce({ maxFrameSize: 1 }))).toBe('usage INVALID_SETTING');
    expect(local.pending).toBe(0);
    local.announce({ maxConcurrentStreams: 5, enableConnectProtocol: true });
    local.announce({ maxConcurrentStreams: Infinity });
    expect(local.announced.maxConcurrentStreams).toBe(5);
    expect(thrown(() => local.announce({ enableConnectProtocol: false }))).toBe('usage INVALID_SETTING');
  });
});
