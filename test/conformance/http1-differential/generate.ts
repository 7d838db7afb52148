import { mulberry32 } from '../../support/every-split.js';

export interface Random {
  /** Below 1. */
  next(): number;
  /** A whole number below `most`. */
  below(most: number): number;
  pick<T>(list: readonly T[]): T;
  chance(of: number): boolean;
}

export function random(seed: number): Random {
  const next = mulberry32(seed);
  const below = (most: number): number => Math.floor(next() * most);
  return {
    next,
    below,
    pick: (list) => list[below(list.length)] as never,
    chance: (of) => next() < of,
  };
}

const FIELDS = [
  'Accept: */*',
  'x-a: ',
  'X-Tab:\tvalue\t',
  'Cookie: a=b; c=d',
  'X-Obs: \xe9\xff',
  'User-Agent: Mozilla/5.0 (X11)',
  'x-empty:',
  'A.B!#$: 1',
  '__proto__: 1',
];
const WORDS = 'abcdefghijklmnopqrstuvwxyz 0123456789\r\n;:"';

function body(r: Random): string {
  let text = '';
  for (let i = r.below(30); i > 0; i--) text += WORDS[r.below(WORDS.length)];
  return text;
}

/** A framing line and the body it frames. */
function framed(r: Random, text: string): [line: string, wire: string] {
  if (r.chance(0.5)) return [`${r.pick(['Content-Length', 'content-length'])}: ${text.length}`, text];
  let wire = '';
  for (let at = 0; at < text.length;) {
    const end = Math.min(text.length, at + 1 + r.below(8));
    const size = (end - at).toString(16);
    const extension = r.chance(0.2) ? r.pick([';a', ';a=b', ';a="b c"', ';a;b=c']) : '';
    wire += `${r.chance(0.2) ? `00${size.toUpperCase()}` : size}${extension}\r\n${text.slice(at, end)}\r\n`;
    at = end;
  }
  const trailers = r.chance(0.3) ? 'X-Trailer: 1\r\n' : '';
  return ['Transfer-Encoding: chunked', `${wire}0\r\n${trailers}\r\n`];
}

function fields(r: Random, more: readonly string[]): string {
  const lines = [...more];
  for (let i = r.below(4); i > 0; i--) lines.splice(r.below(lines.length + 1), 0, r.pick(FIELDS));
  return lines.map((line) => `${line}\r\n`).join('');
}

/** A valid request. */
export function validRequest(r: Random): string {
  const version = r.chance(0.85) ? '1.1' : '1.0';
  const method = r.pick(['GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'M-SEARCH', 'PROPFIND']);
  const target = r.pick(['/', '/a', '/a?b=c&d=%20', '/%7Eb/../c', 'http://h.example/x', '//double']);
  const lines = [r.pick(['Host: h.example', 'host:h.example', 'HOST:  h.example '])];
  if (r.chance(0.3)) lines.push(r.pick(['Connection: close', 'Connection: keep-alive', 'Connection: x, close']));
  let wire = '';
  if (method !== 'GET' && method !== 'HEAD' && version === '1.1' && r.chance(0.7)) {
    const [line, bytes] = framed(r, body(r));
    lines.push(line);
    wire = bytes;
  }
  return `${method} ${target} HTTP/${version}\r\n${fields(r, lines)}\r\n${wire}`;
}

/** A valid response to a GET. */
export function validResponse(r: Random): string {
  const version = r.chance(0.85) ? '1.1' : '1.0';
  const status = r.pick([
    '200 OK',
    '200 ',
    '404 Not Found',
    '204 No Content',
    '304 Not Modified',
    '599 Odd \xe9',
    '301 x',
  ]);
  const lines = r.chance(0.3) ? [r.pick(['Connection: close', 'Connection: keep-alive'])] : [];
  let wire = '';
  const bodiless = status.startsWith('204') || status.startsWith('304');
  if (!bodiless && version === '1.1' && r.chance(0.85)) {
    const [line, bytes] = framed(r, body(r));
    lines.push(line);
    wire = bytes;
  } else if (!bodiless) wire = body(r);
  const interim = r.chance(0.1) ? 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n' : '';
  return `${interim}HTTP/${version} ${status}\r\n${fields(r, lines)}\r\n${wire}`;
}

const PIECES = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\0',
  '\x7f',
  '\xe9',
  '0',
  'f',
  '-',
  '+',
  '"',
  '#',
  '@',
  'chunked',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Host: other\r\n',
  'Connection: close\r\n',
  'Upgrade: x\r\n',
  ' folded\r\n',
  '\r\n folded',
];

/** The same with one to three places changed. */
export function mutate(r: Random, text: string): string {
  let changed = text;
  for (let times = 1 + r.below(3); times > 0; times--) {
    const at = r.chance(0.7)
      ? r.below(Math.min(changed.length + 1, changed.indexOf('\r\n\r\n') + 4))
      : r.below(changed.length + 1);
    const lineStart = changed.lastIndexOf('\n', at - 1) + 1;
    switch (r.below(6)) {
      case 0:
        changed = changed.slice(0, at) + changed.slice(at + 1 + r.below(3));
        break;
      case 1:
        changed = changed.slice(0, at) + r.pick(PIECES) + changed.slice(at + 1);
        break;
      case 2:
        changed = changed.slice(0, at) + String.fromCharCode(r.below(256)) + changed.slice(at + 1);
        break;
      case 3: {
        const lineEnd = changed.indexOf('\n', at) + 1;
        if (lineEnd > 0)
          changed = changed.slice(0, lineEnd) + changed.slice(lineStart, lineEnd) + changed.slice(lineEnd);
        break;
      }
      case 4:
        changed = changed.slice(0, lineStart) + r.pick(PIECES) + changed.slice(lineStart);
        break;
      default:
        changed = changed.slice(0, at) + r.pick(PIECES) + changed.slice(at);
    }
  }
  return changed;
}
