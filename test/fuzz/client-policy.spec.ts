/**
 * Whatever servers, files and the environment say to a client: nothing is thrown but what is documented, and what was kept can be sent.
 * A failure names its seed.
 */
import { expect, it } from 'vitest';
import { isProtocolError, isUsageError } from '../../operators/core/protocol-error.js';
import { parseChallenges } from '../../operators/exchange/challenge.js';
import { parseContentRange } from '../../operators/exchange/content-range.js';
import { parseHttpDate } from '../../operators/exchange/parse-http-date.js';
import { redirectedRequest } from '../../operators/exchange/redirect-request.js';
import { isFieldValue } from '../../operators/http/field-syntax.js';
import { Fields } from '../../operators/http/fields.js';
import { isExempt } from '../../src/client/no-proxy.js';
import { parseProxy } from '../../src/client/proxy-address.js';
import { CookieStore } from '../../src/stores/cookie-store.js';
import { HstsStore } from '../../src/stores/hsts-store.js';
import { readNetscapeJar, writeNetscapeJar } from '../../src/stores/netscape-jar.js';
import { Clock } from '../src/stores/clock.js';
import { mulberry32 } from '../support/every-split.js';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1500);
const FIRST = Number(process.env['FUZZ_SEED'] ?? 1);
const URL_A = 'https://www.a.test/x/y';
// prettier-ignore
const PIECES = [
  'a', 'b', '=', '==', ';', ' ', '\t', ',', '"', '\\', '/', '//', '?', '#', ':', '@', '.', '..', '%', '%2', '%41', '[', ']', '::1', '\0', '\r', '\n', '\x7f', '\xe9', '\u2603', '\ud800',
  '0', '1', '-1', '99999999999999999999', '127.0.0.1', '0x7f.1', 'a.test', '.a.test', 'co.uk', 'xn--', 'TRUE', 'FALSE', '#HttpOnly_', '/8', '*',
  'Path=', 'Domain=', 'Expires=', 'Max-Age=', 'Secure', 'HttpOnly', 'SameSite=', 'None', 'Lax', '__Host-', '__proto__', 'max-age=', 'includeSubDomains', 'bytes ', 'Digest ', 'realm=', 'nonce=',
  'http:', 'https:', 'socks5h:', 'ws:', 'javascript:', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Thursday, 01-Jan-70 00:00:00 GMT',
];

const text = (random: () => number): string => {
  let made = '';
  for (let i = Math.floor(random() * 12); i >= 0; i--) made += PIECES[Math.floor(random() * PIECES.length)];
  return made;
};

/** Runs, and tells whether it ended as documented. */
const documented = (run: () => unknown): boolean => {
  try {
    run();
    return true;
  } catch (error) {
    return isUsageError(error) || isProtocolError(error);
  }
};

it(`${RUNS} seeds of nonsense`, () => {
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    const random = mulberry32(seed);
    const cookies = new CookieStore({ scheduler: new Clock(Date.UTC(2026, 0, 1)) });
    const hsts = new HstsStore({ scheduler: new Clock(0) });
    for (let i = 0; i < 8; i++) {
      const one = text(random);
      cookies.store(one, { url: URL_A, siteForCookies: random() < 0.5 ? one : undefined });
      cookies.restore(readNetscapeJar(one.replaceAll(' ', '\t'), 0));
      if (isFieldValue(one)) {
        hsts.store(new Fields({ 'strict-transport-security': one }), URL_A);
        const response = { status: 302, url: URL_A, fields: new Fields({ location: one }), request: { url: URL_A } };
        expect(
          documented(() => redirectedRequest(response, {})),
          `seed ${seed}: location ${JSON.stringify(one)}`,
        ).toBe(true);
      }
      hsts.check(one);
      parseChallenges([one]);
      parseContentRange(one);
      parseHttpDate(one, 0);
      isExempt(one, 'a.test', 80);
      isExempt(one, '[::1]', 80);
      expect(
        documented(() => parseProxy(one)),
        `seed ${seed}: proxy ${JSON.stringify(one)}`,
      ).toBe(true);
    }
    const sent = cookies.lookup({ url: URL_A });
    expect(isFieldValue(sent), `seed ${seed}: sends ${JSON.stringify(sent)}`).toBe(true);
    const named = [...cookies].filter(({ name, value, path }) => name !== '' && !(name + value + path).includes('\t'));
    const back = readNetscapeJar(writeNetscapeJar(cookies), 0);
    expect(
      back.map(({ name, value }) => [name, value]),
      `seed ${seed}: jar`,
    ).toEqual(named.map(({ name, value }) => [name, value]));
  }
});
