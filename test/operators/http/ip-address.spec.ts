import { isIP, isIPv4 as nodeIsIPv4, isIPv6 as nodeIsIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isIPAddress, isIPv4, isIPv6 } from '../../../operators/http/ip-address.js';
import { mulberry32 } from '../../support/every-split.js';

const texts = [
  '',
  '0',
  '1.2.3.4',
  '255.255.255.255',
  '256.1.1.1',
  '01.2.3.4',
  '0.0.0.0',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.',
  '.1.2.3',
  '0x7f.1.1.1',
  '1.2.3.4 ',
  '::',
  '::1',
  '1::',
  ':',
  ':::',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
  '1::2::3',
  '::ffff:1.2.3.4',
  '::1.2.3.4',
  '1:2:3:4:5:6:1.2.3.4',
  '1:2:3:4:5:6:7:1.2.3.4',
  '1::1.2.3.4',
  '::1.2.3',
  '::1.2.3.4:1',
  '12345::',
  'g::',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  '1:',
  ':1',
  '1::8:',
  'FE80::ABCD',
  '[::1]',
  '0x80',
  'localhost',
  '1:2:3:4::5:6:7:8',
];

describe('agrees with node:net', () => {
  it.each(texts)('%j', (text) => {
    expect([isIPv4(text), isIPv6(text), isIPAddress(text)]).toEqual([
      nodeIsIPv4(text),
      nodeIsIPv6(text),
      isIP(text) !== 0,
    ]);
  });

  it('on 200 000 random texts of address characters', () => {
    const random = mulberry32(9);
    const pieces = [':', '::', ':', '.', '1', '0', 'f', '25', '1.2.3.4', 'abcd'];
    for (let round = 0; round < 200_000; round++) {
      let text = '';
      const count = 1 + Math.floor(random() * 16);
      for (let i = 0; i < count; i++) text += pieces[Math.floor(random() * pieces.length)];
      if (isIPv4(text) !== nodeIsIPv4(text) || isIPv6(text) !== nodeIsIPv6(text)) expect.fail(`differs on ${text}`);
    }
  });
});
