import { describe, expect, it } from 'vitest';
import { parseRequestTarget } from '../../../operators/http1/request-target.js';

describe('parseRequestTarget', () => {
  it.each([
    ['GET', '/', 'origin', '', '', '/'],
    ['GET', '//a/b?c', 'origin', '', '', '//a/b?c'],
    ['GET', 'http://a', 'absolute', 'http', 'a', '/'],
    ['GET', 'HTTP://A:8/b?c', 'absolute', 'http', 'A:8', '/b?c'],
    ['GET', 'http://a?b', 'absolute', 'http', 'a', '/?b'],
    ['GET', 'coap+tcp://a/', 'absolute', 'coap+tcp', 'a', '/'],
    ['GET', 'http://u@a/', 'absolute', 'http', 'u@a', '/'],
    ['OPTIONS', '*', 'asterisk', '', '', '*'],
    ['OPTIONS', 'http://a', 'absolute', 'http', 'a', '/'],
    ['CONNECT', 'a:1', 'authority', '', 'a:1', ''],
    ['CONNECT', '[::1]:1', 'authority', '', '[::1]:1', ''],
  ])('%s %s', (method, target, form, scheme, authority, path) => {
    expect(parseRequestTarget(method, target)).toEqual({ form, scheme, authority, path });
  });

  it.each([
    ['GET', ''],
    ['GET', '*'],
    ['GET', 'a'],
    ['GET', 'a:80'],
    ['GET', '://a'],
    ['GET', '-x://a'],
    ['GET', 'a b://c'],
    ['GET', 'a_b://c'],
    ['GET', 'http:///a'],
    ['GET', '/a b'],
    ['GET', '/a#b'],
    ['GET', '/é'],
    ['CONNECT', 'a'],
    ['CONNECT', 'a:'],
    ['CONNECT', ':1'],
    ['CONNECT', '[::1]'],
    ['CONNECT', 'u@a:1'],
    ['CONNECT', '/'],
    ['CONNECT', '*'],
  ])('%s %j is none', (method, target) => {
    expect(parseRequestTarget(method, target)).toBeUndefined();
  });
});
