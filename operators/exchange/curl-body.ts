import type { BodySource } from '../body/body-source.js';
import { printfWord, shellWord } from './shell-word.js';

/** A body as curl is given it. */
export interface CurlBody {
  /** What feeds curl's standard input, with its pipe. */
  readonly before: string;
  readonly words: readonly string[];
  /** curl makes the content type itself. */
  readonly typed: boolean;
}

/** Linux takes 131 072 bytes in one argument; what a shell does itself has no such limit. */
const LONGEST_ARGUMENT = 100_000;
const FROM_STANDARD_INPUT = ['--data-binary', '@-'];

export function curlBody(body: BodySource): CurlBody {
  const bytes = bytesOf(body);
  if (bytes !== undefined) {
    if (isArgument(bytes))
      return { before: '', words: ['--data-raw', shellWord(bytes.toString('utf8'))], typed: false };
    return { before: `printf ${printfWord(bytes)} | `, words: FROM_STANDARD_INPUT, typed: false };
  }
  const parts = isForm(body) ? partsOf(body) : undefined;
  if (parts !== undefined) return { before: '', words: parts, typed: true };
  return { before: '', words: FROM_STANDARD_INPUT, typed: false };
}

function bytesOf(body: BodySource): Buffer | undefined {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.length);
  return body instanceof URLSearchParams ? Buffer.from(body.toString()) : undefined;
}

/** Text without NUL, and not too much of it. */
function isArgument(bytes: Buffer): boolean {
  if (bytes.length > LONGEST_ARGUMENT || bytes.includes(0)) return false;
  return Buffer.compare(Buffer.from(bytes.toString('utf8')), bytes) === 0;
}

function isForm(body: BodySource): body is FormData {
  return (body as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'FormData';
}

/** Undefined where a part cannot be said: curl takes the first `=` for the end of the name. */
function partsOf(form: FormData): string[] | undefined {
  const words: string[] = [];
  for (const [name, value] of form as Iterable<[string, string | File]>) {
    if (name.includes('=')) return undefined;
    if (typeof value === 'string') words.push('--form-string', shellWord(`${name}=${value}`));
    else {
      const type = value.type === '' ? 'application/octet-stream' : value.type;
      words.push('-F', shellWord(`${name}=@${quoted(value.name)};type=${type}`));
    }
  }
  return words.length === 0 ? undefined : words;
}

/** As curl quotes what would end a file name. */
function quoted(name: string): string {
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
