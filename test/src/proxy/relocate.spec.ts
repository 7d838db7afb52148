import { expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { relocate } from '../../../src/proxy/relocate.js';

it.each([
  ['http://origin:81', 'http://origin:81/there?q#f', '/there?q#f'],
  ['http://origin:81', 'http://origin:81', '/'],
  ['http://origin:81', '/there', '/there'],
  ['http://origin:81', 'there', 'there'],
  ['http://origin:81', 'http://origin:811/there', 'http://origin:811/there'],
  ['http://origin:81', 'https://origin:81/there', 'https://origin:81/there'],
  ['http://origin:81', '//evil.example/there', '//evil.example/there'],
  // what the server says of itself must not become the name of a host
  ['http://origin:81', 'http://origin:81//evil.example/there', '/.//evil.example/there'],
  ['http://origin:81/app', 'http://origin:81/app//evil.example/there', '/.//evil.example/there'],
  ['http://origin:81/app', '/app//evil.example/there', '/.//evil.example/there'],
  // below a base, what is there without it
  ['http://origin:81/app', 'http://origin:81/app/there', '/there'],
  ['http://origin:81/app/', '/app/there?q', '/there?q'],
  ['http://origin:81/app', '/app', '/'],
  ['http://origin:81/app', '/app?q', '/?q'],
  ['http://origin:81/app', '/apple', '/apple'],
  ['http://origin:81/app', 'http://origin:81/other', 'http://origin:81/other'],
  ['http://origin:81/app', 'http://origin:81', 'http://origin:81'],
])('below %s, %s is %s', (base, location, expected) => {
  const fields = new Fields({ location });
  relocate(fields, new URL(base));
  expect(fields.get('location')).toBe(expected);
  // the client finds it where the server has it
  const asked = new URL(expected, 'http://front/');
  if (asked.host === 'front' && expected !== location) {
    const { pathname } = new URL(base);
    const below = (pathname.endsWith('/') ? pathname.slice(0, -1) : pathname) + asked.pathname;
    expect(below.replace(/\/$/, '')).toBe(new URL(location, base).pathname.replace(/\/$/, ''));
  }
});

it('is not there', () => {
  const fields = new Fields();
  relocate(fields, new URL('http://origin/'));
  expect(fields.size).toBe(0);
});
