import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Budget } from '../operators/http2/abuse-limits.js';
import { type Http2Limits, resolveHttp2Limits, resolveHttp2Settings } from '../operators/http2/connection-options.js';
import { CLIENT_LIMITS, SERVER_LIMITS, type Http1Limits } from '../operators/http1/limits.js';
import { DEFAULT_TIMEOUTS } from '../src/client/timeouts.js';
import { resolveServerTimeouts } from '../src/connections/server-timeouts.js';
import { resolveServeConfig } from '../src/server/serve-config.js';
import { DEFAULT_HIGH_WATER_MARK } from '../src/sockets/stream-duplex.js';
import { raisedCodes } from './support/docs/error-codes.js';
import { testTitles } from './support/docs/test-titles.js';
import { codeIn, tableRows, type TableRow } from './support/docs/markdown.js';

const root = join(import.meta.dirname, '..');

describe('docs/errors.md', () => {
  const rows = tableRows('docs/errors.md');
  const codesOf = (section: string): string[] =>
    rows
      .filter((row) => row.section === section)
      .flatMap(({ cells }) => [...(cells[0] ?? '').matchAll(/`([A-Z0-9_]+)`/g)].map(([, code]) => code as string));
  const raised = raisedCodes();
  const makersOf = (code: string): string[] => raised.filter((one) => one.code === code).map((one) => one.maker);
  /** Helpers that make an error make a ProtocolError, but for one. */
  const typeOf = (maker: string): string => {
    if (maker === 'failure') return 'NetworkError';
    return ['UsageError', 'NetworkError'].includes(maker) ? maker : 'ProtocolError';
  };

  /** Codes that are looked up by a number stand in a table, not in a call. */
  const tables = [
    'operators/tunnel/socks5-handshake.ts',
    'operators/http2/stream-state.ts',
    'operators/http2/error-code.ts',
  ]
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const inTables = (code: string): boolean => new RegExp(`\\b${code}\\b`).test(tables);

  it('has every code of the sources, under its type', () => {
    const missing = raised.filter(({ code, maker, file }) => {
      if (file.endsWith('memory-tls.ts')) return false; // pretends to be Node
      return !codesOf(typeOf(maker)).includes(code);
    });
    expect(missing).toEqual([]);
  });

  it.each(['ProtocolError', 'UsageError'])('has no code of %s that is raised nowhere', (type) => {
    const dead = codesOf(type).filter((code) => !makersOf(code).some((maker) => typeOf(maker) === type));
    expect(dead.filter((code) => !inTables(code))).toEqual([]);
  });

  it('has no code of NetworkError that the sources do not mention', () => {
    const source = [
      'network-error',
      'memory',
      'memory-socket',
      'duplex-bridge',
      'node-listener',
      'spare-descriptors',
      'tls-server',
      'tls-client',
      'race-addresses',
      'reach-host',
      'resolved-address',
    ]
      .map((name) => readFileSync(join(root, `src/sockets/${name}.ts`), 'utf8'))
      .join('\n');
    expect(codesOf('NetworkError').filter((code) => !source.includes(`'${code}'`))).toEqual([]);
  });

  it('has the codes of TimeoutError, one for each phase', () => {
    const source = readFileSync(join(root, 'operators/core/protocol-error.ts'), 'utf8');
    const phases = /export type TimeoutPhase =([^;]*);/.exec(source)?.[1]?.match(/\w+(?=')/g) ?? [];
    expect(codesOf('TimeoutError').sort()).toEqual(phases.map((phase) => `TIMEOUT_${phase.toUpperCase()}`).sort());
  });

  it('is sorted', () => {
    for (const section of ['ProtocolError', 'UsageError']) expect(codesOf(section)).toEqual(codesOf(section).sort());
  });
});

describe('docs/limits.md', () => {
  const rows = tableRows('docs/limits.md');
  const tableOf = (section: string): Record<string, number[]> =>
    Object.fromEntries(
      rows
        .filter((row) => row.section === section)
        .map(({ cells: [option = '', ...rest] }: TableRow) => [
          codeIn(option) ?? option,
          rest.filter((cell) => /^(\d+|Infinity)$/.test(cell)).map(Number),
        ]),
    );
  const single = (defaults: object): Record<string, number[]> =>
    Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, [value as number]]));
  /** A number in the source, behind `before`. */
  const inSource = (file: string, before: string): number[] => {
    const source = readFileSync(join(root, file), 'utf8');
    const found = source.slice(source.indexOf(before) + before.length);
    const [text = ''] = /^[\d_ *]+/.exec(found) ?? [];
    return [text.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1)];
  };

  it('has the limits of messages', () => {
    const names = Object.keys(SERVER_LIMITS) as (keyof Http1Limits)[];
    const expected = Object.fromEntries(names.map((name) => [name, [SERVER_LIMITS[name], CLIENT_LIMITS[name]]]));
    expect(tableOf('Messages')).toEqual(expected);
  });

  it('has the options of a client', () => {
    const option = (name: string): number[] =>
      inSource(
        ['maxRetries', 'maxTlsSessions'].includes(name)
          ? 'src/client/create-client.ts'
          : 'src/client/client-options.ts',
        `count('${name}', config.${name}, `,
      );
    const names = ['maxConnections', 'maxQueued', 'keepAlive', 'pipelining', 'maxRetries', 'maxTlsSessions'];
    expect(tableOf('Client')).toEqual({
      ...Object.fromEntries(names.map((name) => [name, option(name)])),
      highWaterMark: [DEFAULT_HIGH_WATER_MARK],
    });
  });

  it('has the delays of Happy Eyeballs', () => {
    const race = (before: string): number[] => inSource('src/sockets/race-addresses.ts', before);
    expect(tableOf('Happy Eyeballs')).toEqual({
      attemptDelay: race('const ATTEMPT_DELAY = '),
      resolutionDelay: race('const RESOLUTION_DELAY = '),
      maxAddresses: race('const MAX_ADDRESSES = '),
    });
  });

  it('has the timeouts of a client', () => {
    expect(tableOf('Client timeouts')).toEqual(single(DEFAULT_TIMEOUTS));
  });

  it('has the options of a server', () => {
    const config = resolveServeConfig({});
    const connection = 'operators/http1/server-connection.ts';
    expect(tableOf('Server')).toEqual({
      maxConnections: [config.maxConnections],
      maxHandshakes: [config.maxHandshakes],
      spareDescriptors: inSource('src/sockets/spare-descriptors.ts', 'MOST_SPARED = '),
      maxPipelined: inSource(connection, 'options.maxPipelined ?? '),
      maxRequests: inSource(connection, 'options.maxRequests ?? '),
      highWaterMark: [DEFAULT_HIGH_WATER_MARK],
      maxQueued: inSource('operators/body/write-body.ts', 'maxQueued = '),
      minRate: [config.connection.minRate],
      grace: [config.grace],
    });
  });

  it('has the timeouts of a server', () => {
    expect(tableOf('Server timeouts')).toEqual(single(resolveServerTimeouts()));
  });

  it('has the limits of HTTP/2', () => {
    const server = resolveHttp2Limits('server');
    const client = resolveHttp2Limits('client');
    const settings = [resolveHttp2Settings('server', server), resolveHttp2Settings('client', client)];
    const of = (name: keyof Http2Limits): (number | Budget)[] => [server[name], client[name]];
    const numbers = (Object.keys(server) as (keyof Http2Limits)[]).filter((name) => typeof server[name] === 'number');
    const shared = new Set(['maxFieldBytes', 'maxFields', 'maxTrailerBytes', 'maxTrailers', 'maxInterim']); // under Messages
    expect(tableOf('HTTP/2')).toEqual({
      ...Object.fromEntries(numbers.filter((name) => !shared.has(name)).map((name) => [name, of(name)])),
      initialWindowSize: settings.map(({ initialWindowSize }) => initialWindowSize),
      maxConcurrentStreams: settings.map(({ maxConcurrentStreams }) => maxConcurrentStreams),
    });
    for (const name of shared) {
      const known = name as keyof Http1Limits & keyof Http2Limits;
      expect(of(known)).toEqual([SERVER_LIMITS[known], CLIENT_LIMITS[known]]);
    }
  });

  it('has the limits of bodies', () => {
    const defaults = rows.filter(({ section }) => section === 'Bodies').map(({ cells }) => Number(cells[2]));
    expect(defaults).toEqual([
      ...inSource('operators/body/collect-bytes.ts', 'const MAX_BYTES = '),
      ...inSource('operators/body/lines.ts', 'config.maxLength ?? '),
      ...inSource('operators/body/write-body.ts', 'maxQueued = '),
    ]);
  });
});

/** Pages of rules: section, rule, who, shown by. */
const PAGES = [
  { page: 'http1', rules: 50 },
  { page: 'http2', rules: 50 },
  { page: 'websocket', rules: 50 },
  { page: 'cookies', rules: 50 },
  { page: 'hsts', rules: 25 },
].filter(({ page }) => existsSync(join(root, `docs/compliance/${page}.md`)));

describe.each(PAGES)('docs/compliance/$page.md', ({ page, rules }) => {
  const rows = tableRows(`docs/compliance/${page}.md`);

  it('names a test for every rule, or says no and why', () => {
    expect(rows.length).toBeGreaterThan(rules);
    expect(rows.filter(({ cells }) => cells.length !== 4 || cells.some((cell) => cell === ''))).toEqual([]);
  });

  it('names tests that exist', () => {
    expect(rows.flatMap(({ cells }) => complaints(cells[3] ?? ''))).toEqual([]);
  });
});

describe('the check of evidence', () => {
  it('would notice what does not exist', () => {
    expect(complaints('`rfc9112-2-message` a title nobody gave')).toHaveLength(1);
    expect(complaints('`rfc9112-0-nothing` a title')).toHaveLength(1);
    expect(complaints('No: because it is so.')).toEqual([]);
  });
});

/** What is wrong with the evidence of a rule. */
function complaints(evidence: string): string[] {
  const shown = evidence.startsWith('No') ? evidence.slice(Math.max(0, evidence.indexOf('. `') + 2)) : evidence;
  if (evidence.startsWith('No') && !shown.startsWith('`')) return [];
  return shown.split(' · ').flatMap((one) => {
    const [, name = '', title = ''] = /^`([\w/-]+)` (.+)$/.exec(one) ?? [];
    const file = join(root, 'test', name.includes('/') ? '' : 'conformance', `${name}.spec.ts`);
    if (name === '' || !existsSync(file)) return [`no test file: ${one}`];
    return testTitles(file).some((known) => known.includes(title)) ? [] : [`no such title: ${one}`];
  });
}
