/** The opening handshake: RFC 6455 §1.3, §4, §9.1, §10.2, and RFC 8441 §5 for HTTP/2. */
import { describe, expect, it } from 'vitest';
import { Fields } from '../../operators/http/fields.js';
import { ClientHandshake } from '../../operators/websocket/client-handshake.js';
import { webSocketAccept, webSocketKey } from '../../operators/websocket/handshake-key.js';
import { answerHandshake, type HandshakeRequest } from '../../operators/websocket/server-handshake.js';
import { thrown } from '../operators/websocket/frames.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const REQUEST = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13',
  origin: 'http://example.com',
  'sec-websocket-protocol': 'chat, superchat',
};
const RESPONSE = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': webSocketAccept(KEY) };

const client = (protocols: string[] = []): ClientHandshake =>
  new ClientHandshake({ version: '1.1', random: Buffer.from('the sample nonce'), protocols });
const answer = (fields: Record<string, string | string[]>, head: Partial<HandshakeRequest> = {}): number =>
  answerHandshake({ version: '1.1', method: 'GET', authority: 'example.com', fields: new Fields(fields), ...head })
    .status;
const check = (fields: Record<string, string | string[]>, status = 101, protocols: string[] = []): string =>
  thrown(() => client(protocols).check({ status, fields: new Fields(fields) }));

describe('RFC 6455 §4.1: the client', () => {
  it('sends GET with Upgrade, Connection, a key and version 13', () => {
    const { method, fields } = client(['chat', 'superchat']);
    expect(method).toBe('GET');
    expect(fields.get('upgrade')).toBe('websocket');
    expect(fields.get('connection')).toBe('Upgrade');
    expect(fields.get('sec-websocket-version')).toBe('13');
    expect(fields.get('sec-websocket-protocol')).toBe('chat, superchat');
  });

  it('sends a key of 16 bytes that were handed in, in base64', () => {
    expect(client().fields.get('sec-websocket-key')).toBe(KEY);
    expect(thrown(() => webSocketKey(new Uint8Array(17)))).toBe('usage INVALID_WEBSOCKET_KEY');
  });

  it('sends subprotocols that are tokens, each once', () => {
    for (const names of [['a b'], ['a', 'a'], ['']])
      expect(thrown(() => client(names))).toBe('usage INVALID_SUBPROTOCOL');
  });

  it('takes another status than 101 as a refusal', () => {
    for (const status of [200, 301, 401, 500]) expect(check(RESPONSE, status)).toBe('HANDSHAKE_REFUSED 0');
  });

  it('fails where Upgrade is missing or not websocket, in any case', () => {
    expect(check({ ...RESPONSE, upgrade: [] })).toBe('BAD_HANDSHAKE 0');
    expect(check({ ...RESPONSE, upgrade: 'http/2' })).toBe('BAD_HANDSHAKE 0');
    expect(check({ ...RESPONSE, upgrade: 'WEBSOCKET' })).toBe('nothing');
  });

  it('fails where Connection has no upgrade, in any case', () => {
    expect(check({ ...RESPONSE, connection: [] })).toBe('BAD_HANDSHAKE 0');
    expect(check({ ...RESPONSE, connection: 'keep-alive' })).toBe('BAD_HANDSHAKE 0');
    expect(check({ ...RESPONSE, connection: 'UPGRADE' })).toBe('nothing');
  });

  it('fails where Sec-WebSocket-Accept is missing or another, white space aside', () => {
    expect(check({ ...RESPONSE, 'sec-websocket-accept': [] })).toBe('BAD_HANDSHAKE 0');
    expect(check({ ...RESPONSE, 'sec-websocket-accept': KEY })).toBe('BAD_HANDSHAKE 0');
    expect(check({ ...RESPONSE, 'sec-websocket-accept': ` ${webSocketAccept(KEY)} ` })).toBe('nothing');
  });

  it('fails where an extension or a subprotocol was not asked for', () => {
    expect(check({ ...RESPONSE, 'sec-websocket-extensions': 'foo' })).toBe('BAD_HANDSHAKE 0');
    expect(check({ ...RESPONSE, 'sec-websocket-protocol': 'chat' })).toBe('BAD_HANDSHAKE 0');
    expect(check({ ...RESPONSE, 'sec-websocket-protocol': 'chat' }, 101, ['chat'])).toBe('nothing');
  });
});

describe('RFC 6455 §4.2: the server', () => {
  it('accepts the request of §1.3 with the answer of §1.3', () => {
    const request = { version: '1.1', method: 'GET', authority: 'example.com', fields: new Fields(REQUEST) } as const;
    const { status, fields } = answerHandshake(request, { protocols: ['chat'] });
    expect(status).toBe(101);
    expect(fields.get('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(fields.get('sec-websocket-protocol')).toBe('chat');
    expect(fields.get('upgrade')).toBe('websocket');
    expect(fields.get('connection')).toBe('Upgrade');
  });

  it('refuses another method, and an older HTTP', () => {
    expect(answer(REQUEST, { method: 'POST' })).toBe(405);
    expect(answer(REQUEST, { version: '1.0' })).toBe(400);
  });

  it('refuses a request without Upgrade or Connection', () => {
    expect(answer({ ...REQUEST, upgrade: [] })).toBe(426);
    expect(answer({ ...REQUEST, connection: [] })).toBe(400);
  });

  it('refuses a key that is missing, given twice or not of 16 bytes', () => {
    expect(answer({ ...REQUEST, 'sec-websocket-key': [] })).toBe(400);
    expect(answer({ ...REQUEST, 'sec-websocket-key': [KEY, KEY] })).toBe(400);
    expect(answer({ ...REQUEST, 'sec-websocket-key': 'c2hvcnQ=' })).toBe(400);
  });

  it('§4.4: answers another version with 426 and the one it speaks', () => {
    for (const version of [[], '12', '14', '013', '13, 12']) {
      const fields = new Fields({ ...REQUEST, 'sec-websocket-version': version });
      const refusal = answerHandshake({ version: '1.1', method: 'GET', authority: 'example.com', fields });
      expect([refusal.status, refusal.fields.get('sec-websocket-version')]).toEqual([426, '13']);
    }
  });

  it('chooses no subprotocol that was not offered', () => {
    const request = { version: '1.1', method: 'GET', authority: 'example.com', fields: new Fields(REQUEST) } as const;
    expect(answerHandshake(request, { protocols: ['other'] }).fields.has('sec-websocket-protocol')).toBe(false);
    expect(thrown(() => answerHandshake(request, { protocols: () => 'other' }))).toBe('usage INVALID_SUBPROTOCOL');
  });

  it('§10.2: refuses foreign origins with 403', () => {
    expect(answer({ ...REQUEST, origin: 'http://evil.example' })).toBe(403);
    expect(answer({ ...REQUEST, origin: [] })).toBe(101);
  });

  it('§9.1: refuses malformed extensions, and declines those it does not know', () => {
    expect(answer({ ...REQUEST, 'sec-websocket-extensions': 'foo;' })).toBe(400);
    expect(answer({ ...REQUEST, 'sec-websocket-extensions': 'foo, bar; baz=2' })).toBe(101);
  });
});

describe('RFC 8441 §5: over HTTP/2', () => {
  const head = { version: '2', method: 'CONNECT', protocol: 'websocket' } as const;

  it('neither key nor Upgrade is sent or asked for, and any 2xx accepts', () => {
    const handshake = new ClientHandshake({ version: '2', random: new Uint8Array(0) });
    expect([...handshake.fields].map(({ name }) => name)).toEqual(['sec-websocket-version']);
    expect(answer({ 'sec-websocket-version': '13' }, head)).toBe(200);
    expect(thrown(() => handshake.check({ status: 200, fields: new Fields() }))).toBe('nothing');
    expect(thrown(() => handshake.check({ status: 400, fields: new Fields() }))).toBe('HANDSHAKE_REFUSED 0');
  });

  it('the request is an extended CONNECT for websocket', () => {
    expect(answer({ 'sec-websocket-version': '13' }, { ...head, method: 'GET' })).toBe(405);
    expect(answer({ 'sec-websocket-version': '13' }, { ...head, protocol: 'other' })).toBe(400);
  });
});
