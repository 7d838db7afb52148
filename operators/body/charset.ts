import { ProtocolError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { trimOws } from '../http/field-syntax.js';

/** The `charset` parameter of the content type (RFC 9110 §8.3.2), or undefined. */
export function charsetOf(fields: Fields | undefined): string | undefined {
  const [, ...parameters] = splitParameters(fields?.get('content-type') ?? '');
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    if (equals < 0 || trimOws(parameter.slice(0, equals)).toLowerCase() !== 'charset') continue;
    return unquote(trimOws(parameter.slice(equals + 1)));
  }
  return undefined;
}

/** Node's types have the class as a value only. */
export type Decoder = InstanceType<typeof TextDecoder>;

/** A decoder for a charset named by WHATWG label; `ProtocolError` `UNSUPPORTED_CHARSET` for one that is not known. */
export function decoderFor(charset: string, options: { fatal?: boolean; ignoreBOM?: boolean } = {}): Decoder {
  try {
    return new TextDecoder(charset, options);
  } catch (cause) {
    throw new ProtocolError('UNSUPPORTED_CHARSET', `no decoder for charset ${JSON.stringify(charset)}`, {
      scope: 'message',
      wireCode: 415,
      cause,
    });
  }
}

/** Cuts at semicolons, but for those in quoted-strings. */
function splitParameters(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const char = value[i];
    if (quoted && char === '\\') i++;
    else if (char === '"') quoted = !quoted;
    else if (char === ';' && !quoted) {
      parts.push(value.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(value.slice(start));
  return parts;
}

function unquote(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text;
  let plain = '';
  for (let i = 1; i < text.length - 1; i++) {
    if (text[i] === '\\') i++;
    plain += text[i];
  }
  return plain;
}
