import { describe, expect, it } from 'vitest';
import {
  acceptDeflate,
  type DeflateConfig,
  offerDeflate,
  readDeflateAnswer,
} from '../../../operators/websocket/permessage-deflate.js';
import {
  formatWebSocketExtension,
  parseWebSocketExtensions,
} from '../../../operators/websocket/websocket-extensions.js';
import { thrown } from './frames.js';

const KEEP: DeflateConfig = { serverNoContextTakeover: false, clientNoContextTakeover: false };
const parse = (value: string) => parseWebSocketExtensions(value) ?? [];

describe('offerDeflate', () => {
  it.each([
    [{}, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits'],
    [KEEP, 'permessage-deflate; client_max_window_bits'],
    [
      { ...KEEP, serverMaxWindowBits: 8, clientMaxWindowBits: 14 },
      'permessage-deflate; server_max_window_bits=8; client_max_window_bits=14',
    ],
  ])('%j', (config, expected) => {
    expect(formatWebSocketExtension(offerDeflate(config))).toBe(expected);
  });

  it.each([
    { serverMaxWindowBits: 7 },
    { serverMaxWindowBits: 16 },
    { clientMaxWindowBits: 8.5 },
    { clientMaxWindowBits: NaN },
    { level: 10 },
    { memLevel: 0 },
    { threshold: -1 },
  ])('%j is refused', (config) => {
    expect(thrown(() => offerDeflate(config))).toBe('usage INVALID_DEFLATE_CONFIG');
  });
});

describe('acceptDeflate', () => {
  const accept = (offer: string, config: DeflateConfig = KEEP): string => {
    const accepted = acceptDeflate(parse(offer), config);
    return accepted === undefined ? 'declined' : formatWebSocketExtension(accepted.extension);
  };

  it.each([
    ['permessage-deflate', 'permessage-deflate'],
    ['x, permessage-deflate', 'permessage-deflate'],
    ['permessage-deflate; server_no_context_takeover', 'permessage-deflate; server_no_context_takeover'],
    ['permessage-deflate; client_no_context_takeover', 'permessage-deflate; client_no_context_takeover'],
    ['permessage-deflate; server_max_window_bits=8', 'permessage-deflate; server_max_window_bits=8'],
    ['permessage-deflate; server_max_window_bits="15"', 'permessage-deflate; server_max_window_bits=15'],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate'],
    ['permessage-deflate; client_max_window_bits=9', 'permessage-deflate; client_max_window_bits=9'],
    ['permessage-deflate; server_max_window_bits=7, permessage-deflate', 'permessage-deflate'],
    ['x', 'declined'],
    ['permessage-deflate; x', 'declined'],
    ['permessage-deflate; server_no_context_takeover=1', 'declined'],
    ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', 'declined'],
    ['permessage-deflate; server_max_window_bits', 'declined'],
  ])('%s', (offer, expected) => {
    expect(accept(offer)).toBe(expected);
  });

  it.each(['0', '7', '16', '99', 'abc', '08', '8.0', '1e1', '+9', '0x9'])('window bits of %s: declined', (bits) => {
    expect(accept(`permessage-deflate; server_max_window_bits=${bits}`)).toBe('declined');
    expect(accept(`permessage-deflate; client_max_window_bits=${bits}`)).toBe('declined');
  });

  it('what the server wants', () => {
    expect(accept('permessage-deflate', {})).toBe(
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    );
    expect(accept('permessage-deflate; server_max_window_bits=12', { ...KEEP, serverMaxWindowBits: 10 })).toBe(
      'permessage-deflate; server_max_window_bits=10',
    );
    expect(accept('permessage-deflate', { ...KEEP, serverMaxWindowBits: 10 })).toBe(
      'permessage-deflate; server_max_window_bits=10',
    );
    expect(accept('permessage-deflate; client_max_window_bits=9', { ...KEEP, clientMaxWindowBits: 10 })).toBe(
      'permessage-deflate; client_max_window_bits=9',
    );
    expect(accept('permessage-deflate; client_max_window_bits', { ...KEEP, clientMaxWindowBits: 10 })).toBe(
      'permessage-deflate; client_max_window_bits=10',
    );
    expect(accept('permessage-deflate', { ...KEEP, clientMaxWindowBits: 10 })).toBe('declined');
  });

  it('which direction is which', () => {
    const accepted = acceptDeflate(
      parse('permessage-deflate; server_max_window_bits=9; client_no_context_takeover'),
      KEEP,
    );
    expect(accepted?.parameters).toMatchObject({
      outbound: { contextTakeover: true, windowBits: 9 },
      inbound: { contextTakeover: false, windowBits: 15 },
      threshold: 1024,
    });
  });
});

describe('readDeflateAnswer', () => {
  const read = (answer: string, config: DeflateConfig = KEEP): string => {
    const [extension] = parse(answer);
    const parameters = extension && readDeflateAnswer(extension, config);
    if (parameters === undefined) return 'refused';
    const { inbound, outbound } = parameters;
    return [inbound, outbound].map((one) => `${one.windowBits}${one.contextTakeover ? '+' : ''}`).join(' ');
  };

  it.each([
    ['permessage-deflate', KEEP, '15+ 15+'],
    ['permessage-deflate; server_no_context_takeover', KEEP, '15 15+'],
    ['permessage-deflate; client_no_context_takeover', KEEP, '15+ 15'],
    ['permessage-deflate; server_max_window_bits=9; client_max_window_bits=8', KEEP, '9+ 8+'],
    ['permessage-deflate; server_no_context_takeover', {}, '15 15'],
    ['permessage-deflate', {}, 'refused'],
    ['permessage-deflate; client_no_context_takeover', {}, 'refused'],
    ['permessage-deflate; client_max_window_bits', KEEP, 'refused'],
    ['permessage-deflate; server_max_window_bits', KEEP, 'refused'],
    ['permessage-deflate; x=1', KEEP, 'refused'],
    ['permessage-deflate', { ...KEEP, serverMaxWindowBits: 10 }, 'refused'],
    ['permessage-deflate; server_max_window_bits=11', { ...KEEP, serverMaxWindowBits: 10 }, 'refused'],
    ['permessage-deflate; server_max_window_bits=10', { ...KEEP, serverMaxWindowBits: 10 }, '10+ 15+'],
    ['permessage-deflate; client_max_window_bits=11', { ...KEEP, clientMaxWindowBits: 10 }, 'refused'],
    ['permessage-deflate', { ...KEEP, clientMaxWindowBits: 10 }, '15+ 10+'],
  ] as const)('%s to %j: %s', (answer, config, expected) => {
    expect(read(answer, config)).toBe(expected);
  });

  it.each(['0', '7', '16', '99', 'abc'])('window bits of %s: refused', (bits) => {
    expect(read(`permessage-deflate; server_max_window_bits=${bits}`)).toBe('refused');
  });
});
