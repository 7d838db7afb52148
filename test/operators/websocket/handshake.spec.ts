import { describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { ClientHandshake, type ClientHandshakeConfig } from '../../../operators/websocket/client-handshake.js';
import { isWebSocketKey, webSocketAccept, webSocketKey } from '../../../operators/websocket/handshake-key.js';
import {
  answerHandshake,
  type HandshakeAnswer,
  type HandshakeRequest,
  type ServerHandshakeConfig,
} from '../../../operators/websocket/server-handshake.js';
import { thrown } from './frames.js';

const NONCE = Buffer.from('the sample nonce');
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const lines = (fields: Fields): string[] => [...fields].map(({ name, value }) => `${name}: ${value}`);

describe('ClientHandshake', () => {
  const client = (config: Partial<ClientHandshakeConfig> = {}): ClientHandshake =>
    new ClientHandshake({ version: '1.1', random: NONCE, ...config });
  const good = { upgrade: 'WebSocket', connection: 'keep-alive, upgrade', 'sec-websocket-accept': ACCEPT };
  const check = (
    fields: Record<string, string | string[]>,
    config: Partial<ClientHandshakeConfig> = {},
    status = 101,
  ): unknown => {
    try {
      return client(config).check({ status, fields: new Fields(fields) });
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('the request over HTTP/1.1, and over HTTP/2', () => {
    expect(client().method).toBe('GET');
    expect(lines(client({ protocols: ['a', 'b'], deflate: {} }).fields)).toEqual([
      'upgrade: websocket',
      'connection: Upgrade',
      `sec-websocket-key: ${KEY}`,
      'sec-websocket-version: 13',
      'sec-websocket-protocol: a, b',
      'sec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
    ]);
    expect(client({ version: '2' }).method).toBe('CONNECT');
    expect(lines(client({ version: '2' }).fields)).toEqual(['sec-websocket-version: 13']);
  });

  it('accepts what fits', () => {
    expect(check(good)).toEqual({ protocol: '', deflate: undefined });
    expect(check({ ...good, 'sec-websocket-protocol': 'b' }, { protocols: ['a', 'b'] })).toMatchObject({
      protocol: 'b',
    });
    expect(check({ ...good, 'sec-websocket-extensions': ' , ' })).toMatchObject({ deflate: undefined });
    const extensions = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
    expect(check({ ...good, 'sec-websocket-extensions': extensions }, { deflate: {} })).toMatchObject({
      deflate: {
        inbound: { contextTakeover: false, windowBits: 15 },
        outbound: { contextTakeover: false, windowBits: 15 },
      },
    });
    expect(check({}, { version: '2' }, 200)).toEqual({ protocol: '', deflate: undefined });
    expect(check({}, { version: '2' }, 204)).toEqual({ protocol: '', deflate: undefined });
  });

  it.each([
    ['status 200', good, {}, 200, 'HANDSHAKE_REFUSED'],
    ['status 426', good, {}, 426, 'HANDSHAKE_REFUSED'],
    ['status 302', good, {}, 302, 'HANDSHAKE_REFUSED'],
    ['HTTP/2: status 101', {}, { version: '2' }, 101, 'HANDSHAKE_REFUSED'],
    ['HTTP/2: status 403', {}, { version: '2' }, 403, 'HANDSHAKE_REFUSED'],
    ['no Upgrade', { ...good, upgrade: [] }],
    ['another Upgrade', { ...good, upgrade: 'h2c' }],
    ['two Upgrades', { ...good, upgrade: ['websocket', 'websocket'] }],
    ['no Connection', { ...good, connection: [] }],
    ['another Connection', { ...good, connection: 'close' }],
    ['no Accept', { ...good, 'sec-websocket-accept': [] }],
    ['two Accepts', { ...good, 'sec-websocket-accept': [ACCEPT, ACCEPT] }],
    ['another Accept', { ...good, 'sec-websocket-accept': ACCEPT.toLowerCase() }],
    ['a subprotocol nobody asked for', { ...good, 'sec-websocket-protocol': 'a' }],
    ['another subprotocol', { ...good, 'sec-websocket-protocol': 'A' }, { protocols: ['a'] }],
    ['two subprotocols', { ...good, 'sec-websocket-protocol': ['a', 'a'] }, { protocols: ['a'] }],
    ['a list of subprotocols', { ...good, 'sec-websocket-protocol': 'a, b' }, { protocols: ['a', 'b'] }],
    ['an empty subprotocol', { ...good, 'sec-websocket-protocol': '' }, { protocols: ['a'] }],
    ['an extension nobody asked for', { ...good, 'sec-websocket-extensions': 'permessage-deflate' }],
    ['another extension', { ...good, 'sec-websocket-extensions': 'x' }, { deflate: {} }],
    [
      'two extensions',
      { ...good, 'sec-websocket-extensions': 'permessage-deflate; server_no_context_takeover, permessage-deflate' },
      { deflate: {} },
    ],
    ['malformed extensions', { ...good, 'sec-websocket-extensions': 'permessage-deflate;' }, { deflate: {} }],
    ['HTTP/2: a subprotocol nobody asked for', { 'sec-websocket-protocol': 'a' }, { version: '2' }, 200],
  ] as [string, Record<string, string | string[]>, Partial<ClientHandshakeConfig>?, number?, string?][])(
    'refuses %s',
    (_name, fields, config = {}, status = 101, code = 'BAD_HANDSHAKE') => {
      expect(check(fields, config, status)).toBe(code);
    },
  );

  it('refuses what it cannot ask for', () => {
    expect(thrown(() => client({ random: new Uint8Array(15) }))).toBe('usage INVALID_WEBSOCKET_KEY');
    expect(thrown(() => client({ protocols: ['a', 'a'] }))).toBe('usage INVALID_SUBPROTOCOL');
    expect(thrown(() => client({ deflate: { serverMaxWindowBits: 7 } }))).toBe('usage INVALID_DEFLATE_CONFIG');
  });

  it('a list of subprotocols changed afterwards changes nothing', () => {
    const protocols = ['a'];
    const handshake = client({ protocols });
    protocols[0] = 'b';
    expect(
      thrown(() => handshake.check({ status: 101, fields: new Fields({ ...good, 'sec-websocket-protocol': 'b' }) })),
    ).toBe('BAD_HANDSHAKE 0');
  });
});

describe('keys', () => {
  it('16 bytes in base64', () => {
    expect(webSocketKey(NONCE)).toBe(KEY);
    expect(webSocketAccept(KEY)).toBe(ACCEPT);
    for (let i = 0; i < 50; i++) expect(isWebSocketKey(webSocketKey(new Uint8Array(16).fill(i * 5)))).toBe(true);
    expect(isWebSocketKey('+/AZaz09AAAAAAAAAAAAAB==')).toBe(true);
    for (const key of [
      '',
      KEY.slice(1),
      `${KEY}=`,
      KEY.replace('d', '-'),
      KEY.replace('d', ' '),
      `${KEY.slice(0, 22)}A=`,
      'é'.repeat(22) + '==',
      'AAAA',
    ]) {
      expect(isWebSocketKey(key)).toBe(false);
    }
  });
});

describe('answerHandshake', () => {
  const good = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-key': KEY, 'sec-websocket-version': '13' };
  function answer(
    fields: Record<string, string | string[]>,
    config: ServerHandshakeConfig = {},
    request: Partial<HandshakeRequest> = {},
  ): HandshakeAnswer {
    const head = { version: '1.1', method: 'GET', authority: 'a.example', ...request } as const;
    return answerHandshake({ ...head, fields: new Fields(fields) }, config);
  }
  const overHttp2 = { version: '2', method: 'CONNECT', protocol: 'websocket' } as const;

  it('accepts', () => {
    const { status, fields, agreement, error } = answer(good, { fields: { 'x-extra': '1' } });
    expect([status, error, agreement]).toEqual([101, undefined, { protocol: '', deflate: undefined }]);
    expect(lines(fields)).toEqual([
      'x-extra: 1',
      'upgrade: websocket',
      'connection: Upgrade',
      `sec-websocket-accept: ${ACCEPT}`,
    ]);
    expect(answer({ ...good, upgrade: 'h2c, WebSocket', connection: ['keep-alive', 'upgrade'] }).status).toBe(101);
  });

  it('over HTTP/2', () => {
    const { status, fields } = answer(
      { 'sec-websocket-version': '13', 'sec-websocket-protocol': 'a' },
      { protocols: ['a'] },
      overHttp2,
    );
    expect([status, lines(fields)]).toEqual([200, ['sec-websocket-protocol: a']]);
    expect(answer({ 'sec-websocket-version': '13' }, {}, { ...overHttp2, protocol: 'connect-udp' }).status).toBe(400);
    expect(answer({ 'sec-websocket-version': '13' }, {}, { ...overHttp2, protocol: undefined }).status).toBe(400);
    expect(answer({ 'sec-websocket-version': '8' }, {}, overHttp2).status).toBe(426);
    expect(answer({}, {}, { ...overHttp2, method: 'GET' }).status).toBe(405);
    expect(answer({ 'sec-websocket-version': '13', origin: 'https://evil.example' }, {}, overHttp2).status).toBe(403);
  });

  it.each([
    ['another method', good, 405, 'METHOD_NOT_ALLOWED', { method: 'POST' }],
    ['HTTP/1.0', good, 400, 'BAD_HANDSHAKE', { version: '1.0' }],
    ['no Upgrade', { ...good, upgrade: [] }, 426, 'UPGRADE_REQUIRED'],
    ['another Upgrade', { ...good, upgrade: 'h2c' }, 426, 'UPGRADE_REQUIRED'],
    ['no Connection', { ...good, connection: [] }, 400, 'BAD_HANDSHAKE'],
    ['Connection without upgrade', { ...good, connection: 'keep-alive' }, 400, 'BAD_HANDSHAKE'],
    ['no key', { ...good, 'sec-websocket-key': [] }, 400, 'BAD_HANDSHAKE'],
    ['two keys', { ...good, 'sec-websocket-key': [KEY, KEY] }, 400, 'BAD_HANDSHAKE'],
    ['a key of another length', { ...good, 'sec-websocket-key': 'AAAA' }, 400, 'BAD_HANDSHAKE'],
    ['no version', { ...good, 'sec-websocket-version': [] }, 426, 'WEBSOCKET_VERSION'],
    ['another version', { ...good, 'sec-websocket-version': '8' }, 426, 'WEBSOCKET_VERSION'],
    ['two versions', { ...good, 'sec-websocket-version': ['13', '13'] }, 426, 'WEBSOCKET_VERSION'],
    ['malformed subprotocols', { ...good, 'sec-websocket-protocol': 'a,,b' }, 400, 'BAD_HANDSHAKE'],
    ['a subprotocol twice', { ...good, 'sec-websocket-protocol': ['a', 'a'] }, 400, 'BAD_HANDSHAKE'],
    ['malformed extensions', { ...good, 'sec-websocket-extensions': 'a;' }, 400, 'BAD_HANDSHAKE'],
    ['a foreign origin', { ...good, origin: 'https://b.example' }, 403, 'ORIGIN_REFUSED'],
  ] as [string, Record<string, string | string[]>, number, string, Partial<HandshakeRequest>?][])(
    'refuses %s',
    (_name, fields, status, code, request = {}) => {
      const refusal = answer(fields, {}, request);
      expect(refusal.status).toBe(status);
      expect(refusal.agreement).toBeUndefined();
      expect(refusal.error).toMatchObject({ code, wireCode: status, scope: 'message' });
    },
  );

  it('says what it would take', () => {
    expect(lines(answer({ ...good, upgrade: [] }).fields)).toEqual([
      'upgrade: websocket',
      'connection: Upgrade',
      'sec-websocket-version: 13',
    ]);
    expect(answer({ ...good, 'sec-websocket-version': '8' }).fields.get('sec-websocket-version')).toBe('13');
    expect(answer(good, {}, { method: 'HEAD' }).fields.get('allow')).toBe('GET');
    expect(answer({}, {}, { ...overHttp2, method: 'GET' }).fields.get('allow')).toBe('CONNECT');
  });

  it('chooses a subprotocol, and declines what it does not speak', () => {
    const protocol = (offer: string, config: ServerHandshakeConfig): string | undefined =>
      answer({ ...good, 'sec-websocket-protocol': offer }, config).fields.get('sec-websocket-protocol');
    expect(protocol('b, a', { protocols: ['a', 'b'] })).toBe('b');
    expect(protocol('c', { protocols: ['a'] })).toBeUndefined();
    expect(protocol('c', {})).toBeUndefined();
  });

  it('origin policies', () => {
    const status = (
      origin: string | string[] | undefined,
      config: ServerHandshakeConfig = {},
      authority = 'a.example',
    ): number => answer(origin === undefined ? good : { ...good, origin }, config, { authority }).status;
    expect(status(undefined)).toBe(101);
    expect(status('https://a.example')).toBe(101);
    expect(status('http://A.example:80')).toBe(101);
    expect(status('https://a.example:443')).toBe(101);
    expect(status('https://a.example', {}, 'a.example:443')).toBe(101);
    for (const foreign of [
      'null',
      '',
      'https://',
      'https://b.example',
      'https://a.example:8443',
      'https://a.example.b',
      'ws://a.example',
      'a.example',
      'file://a.example',
      'https://a.example/',
    ]) {
      expect(status(foreign)).toBe(403);
    }
    expect(status(['https://a.example', 'https://a.example'])).toBe(403);
    expect(status('https://', {}, '')).toBe(403);
    expect(status('https://b.example', { origin: 'any' })).toBe(101);
    expect(status('https://b.example', { origin: ['https://b.example'] })).toBe(101);
    expect(status('https://a.example', { origin: ['https://b.example'] })).toBe(403);
    expect(status(undefined, { origin: ['https://b.example'] })).toBe(403);
    expect(status('x', { origin: (origin) => origin === 'x' })).toBe(101);
    expect(status(undefined, { origin: (origin) => origin === 'x' })).toBe(403);
  });

  it('what a client asks is answered so that it accepts', () => {
    for (const version of ['1.1', '2'] as const) {
      const client = new ClientHandshake({
        version,
        random: NONCE,
        protocols: ['x', 'y'],
        deflate: { clientMaxWindowBits: 10 },
      });
      const { status, fields, agreement } = answer(
        Object.fromEntries([...client.fields].map(({ name, value }) => [name, value])),
        { protocols: ['y'], deflate: { serverMaxWindowBits: 9 } },
        version === '2' ? overHttp2 : {},
      );
      const agreed = client.check({ status, fields });
      expect(agreed.protocol).toBe('y');
      expect(agreed.deflate?.inbound).toEqual(agreement?.deflate?.outbound);
      expect(agreed.deflate?.outbound).toEqual(agreement?.deflate?.inbound);
      expect(agreed.deflate?.outbound.windowBits).toBe(10);
      expect(agreed.deflate?.inbound.windowBits).toBe(9);
    }
  });
});
