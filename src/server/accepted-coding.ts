import { isToken, splitList, trimOws } from '../../operators/http/field-syntax.js';

/**
 * The first transfer coding of ours that a TE field accepts (RFC 9110 §10.1.4): `gzip`, `deflate`, or none.
 *
 * @returns undefined where the field is malformed.
 */
export function acceptedCoding(te: string): 'gzip' | 'deflate' | '' | undefined {
  let accepted: 'gzip' | 'deflate' | '' = '';
  for (const member of splitList(te)) {
    const [coding = '', ...parameters] = member.split(';').map(trimOws);
    if (!isToken(coding)) return undefined;
    let weight = 1;
    for (const parameter of parameters) {
      const equals = parameter.indexOf('=');
      const name = parameter.slice(0, equals).toLowerCase();
      const value = parameter.slice(equals + 1);
      if (equals < 1 || !isToken(name)) return undefined;
      if (name !== 'q') {
        if (!isToken(value) && !value.startsWith('"')) return undefined;
        continue;
      }
      const known = weightOf(value);
      if (known === undefined) return undefined;
      weight = known;
    }
    const lower = coding.toLowerCase();
    if (accepted !== '' || weight === 0) continue;
    if (lower === 'gzip' || lower === 'x-gzip') accepted = 'gzip';
    else if (lower === 'deflate') accepted = 'deflate';
  }
  return accepted;
}

/** `0` to `1` with up to three decimals. */
function weightOf(text: string): number | undefined {
  if (text.length === 0 || text.length > 5 || (text[0] !== '0' && text[0] !== '1')) return undefined;
  if (text.length > 1 && text[1] !== '.') return undefined;
  for (let i = 2; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9 || (text[0] === '1' && digit > 0)) return undefined;
  }
  return Number(text);
}
