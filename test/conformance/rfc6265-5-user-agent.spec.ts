/**
 * RFC 6265 §5: the data of the working group's test suite (http-state), and the public suffix list's own.
 *
 * Where the store differs from the suite, a table says why; most cases do because RFC 6265bis has cookies without a name.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registrableDomain } from '../../src/stores/cookie-site.js';
import { CookieStore } from '../../src/stores/cookie-store.js';
import { Clock } from '../src/stores/clock.js';
import { tableRows } from '../support/docs/markdown.js';

interface Case {
  readonly test: string;
  readonly received: readonly string[];
  readonly sent: readonly { readonly name: string; readonly value: string }[];
  readonly 'sent-to'?: string;
}

const ROOT = join(import.meta.dirname, '../../../shared/conformance');
const FROM = 'http://home.example.org:8888';
const present = existsSync(join(ROOT, 'http-state/parser.json'));
/** A list of the suite; one of its files begins with its licence. */
const read = <T>(path: string): T[] => {
  if (!present) return [];
  const text = readFileSync(join(ROOT, path), 'utf8');
  return JSON.parse(text.slice(text.indexOf('[\n'))) as T[];
};
const cases = read<Case>('http-state/parser.json');

/** Cases of the suite that are not met, each with its reason: the table of docs/decisions/0016-cookies-and-http-state.md. */
const DIFFERENCES = new Map(
  tableRows('docs/decisions/0016-cookies-and-http-state.md').flatMap(({ cells: [names = '', , , why = ''] }) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name as string, why] as const),
  ),
);
/** Those that are met again where a cookie without a name is none. */
const NAMELESS = new Set([...DIFFERENCES].filter(([, why]) => why.includes('`nameless: false`')).map(([name]) => name));

/** What is sent after a case, the way the suite writes it. */
function run({ test, received, 'sent-to': to }: Case, nameless: boolean): unknown[] {
  const cookies = new CookieStore({ scheduler: new Clock(Date.UTC(2012, 0, 1)), nameless });
  for (const one of received) cookies.store(bytes(one), { url: `${FROM}/cookie-parser?${test}` });
  const url = new URL(to ?? `/cookie-parser-result?${test}`, FROM);
  return cookies.matching({ url }).map(({ name, value }) => ({ name, value }));
}

/** As a header field carries it: one code unit for each byte of its UTF-8. */
const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const wanted = ({ sent }: Case): unknown[] =>
  sent.map(({ name, value }) => ({ name: bytes(name), value: bytes(value) }));

/** No name: nothing before the first equals sign of the pair, or no equals sign. */
function isNameless(setCookie: string): boolean {
  const [pair = ''] = setCookie.split(';');
  return pair.indexOf('=') < 0 || pair.slice(0, pair.indexOf('=')).trim() === '';
}

it('the data of http-state and of the public suffix list', (context) => {
  if (!present) context.skip('../shared/conformance is not here');
  expect([cases.length, existsSync(join(ROOT, 'publicsuffix/tests.txt'))]).toEqual([222, true]);
});

describe.skipIf(!present)('RFC 6265 §5.2 and §5.3: http-state', () => {
  const met = cases.filter(({ test }) => !DIFFERENCES.has(test));

  it.each(met.map((one) => [one.test, one] as const))('%s', (_, one) => {
    expect(run(one, true)).toEqual(wanted(one));
  });

  const differing = (nameless: boolean): string[] =>
    cases
      .filter((one) => JSON.stringify(run(one, nameless)) !== JSON.stringify(wanted(one)))
      .map(({ test }) => test)
      .sort();

  it('of 222 cases those of the table differ, and no others', () => {
    expect(cases).toHaveLength(222);
    expect(differing(true)).toEqual([...DIFFERENCES.keys()].sort());
  });

  it('with nameless: false, three', () => {
    expect(differing(false)).toEqual([...DIFFERENCES.keys()].filter((name) => !NAMELESS.has(name)).sort());
    expect(differing(false)).toHaveLength(3);
  });

  it('what differs by a name that is missing has such a cookie', () => {
    const without = cases.filter(({ test, received }) => NAMELESS.has(test) && !received.some(isNameless));
    expect(without.map(({ test }) => test)).toEqual([]);
  });
});

describe.skipIf(!present)('RFC 6265 §5.1.1: dates', () => {
  const dates = [
    ...read<{ test: string; expected: string | null }>('http-state/dates/examples.json'),
    ...read<{ test: string; expected: string | null }>('http-state/dates/bsd-examples.json'),
  ];

  it.each(dates.map(({ test, expected }) => [test, expected] as const))('%j', (test, expected) => {
    // The store was made at the beginning of time, so that none has expired, and keeps cookies for ever.
    const cookies = new CookieStore({ scheduler: new Clock(-8e15), limits: { maxAge: Infinity } });
    const cookie = cookies.store(`a=1; Expires=${test}`, { url: FROM });
    expect(cookie?.expires).toBe(expected === null ? undefined : Date.parse(expected));
  });
});

describe.skipIf(!present)('the public suffix list', () => {
  const text = present ? readFileSync(join(ROOT, 'publicsuffix/tests.txt'), 'utf8') : '';
  const pairs = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('//'))
    .map((line) => line.trim().split(/\s+/));

  it.each(
    pairs
      .filter(([host]) => host !== 'null' && !host?.startsWith('.'))
      .map(([host, domain]) => [host, domain] as const),
  )('%s: %s', (host, domain) => {
    const ascii = (name: string): string => new URL(`http://${name}`).hostname;
    const found = registrableDomain(ascii(host as string));
    expect(found).toBe(domain === 'null' ? undefined : ascii(domain as string));
  });
});
