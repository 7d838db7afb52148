import { charsetOf, decoderFor, type Decoder } from '../../operators/body/charset.js';
import { ProtocolError } from '../../operators/core/protocol-error.js';
import { Fields } from '../../operators/http/fields.js';

/** What `responseType` can be; a document there is none of in Node. */
export type ResponseKind = '' | 'text' | 'json' | 'arraybuffer' | 'blob';

const KINDS: ReadonlySet<unknown> = new Set(['', 'text', 'json', 'arraybuffer', 'blob']);

export function isResponseKind(kind: unknown): kind is ResponseKind {
  return KINDS.has(kind);
}

/** The content of one response as it comes in: text as far as it has come, everything else when it is whole. */
export class XhrContent {
  readonly #kind: ResponseKind;
  readonly #type: string;
  readonly #maxBytes: number;
  readonly #decoder: Decoder | undefined;
  readonly #chunks: Uint8Array[] = [];
  #text = '';
  #bytes = 0;
  #whole = false;
  #value: unknown;

  /** @throws ProtocolError `UNSUPPORTED_CHARSET` */
  constructor(kind: ResponseKind, fields: Fields, maxBytes: number) {
    this.#kind = kind;
    this.#type = fields.get('content-type') ?? '';
    this.#maxBytes = maxBytes;
    if (kind === '' || kind === 'text') this.#decoder = decoderFor(charsetOf(fields) ?? 'utf-8', { fatal: false });
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The text so far. */
  get text(): string {
    return this.#text;
  }

  /** As the response type has it; null until it is whole, and for what is no JSON. */
  get value(): unknown {
    if (this.#decoder !== undefined) return this.#text;
    if (!this.#whole) return null;
    return (this.#value ??= this.#read());
  }

  /** @throws ProtocolError `BODY_TOO_LARGE` */
  push(chunk: Uint8Array): void {
    if (this.#bytes + chunk.length > this.#maxBytes) {
      throw new ProtocolError('BODY_TOO_LARGE', `the body is larger than maxBytes (${this.#maxBytes})`, {
        scope: 'message',
        limit: 'maxBytes',
        wireCode: 413,
      });
    }
    this.#bytes += chunk.length;
    if (this.#decoder === undefined)
      this.#chunks.push(Uint8Array.from(chunk)); // what it is a view of may be large
    else this.#text += this.#decoder.decode(chunk, { stream: true });
  }

  end(): void {
    this.#whole = true;
    if (this.#decoder !== undefined) this.#text += this.#decoder.decode();
  }

  #read(): unknown {
    const all = Buffer.concat(this.#chunks.splice(0));
    if (this.#kind === 'blob') return new Blob([all], { type: this.#type });
    if (this.#kind === 'arraybuffer') return Uint8Array.from(all).buffer;
    try {
      return JSON.parse(new TextDecoder().decode(all)) as unknown;
    } catch {
      return null; // so is it for browsers
    }
  }
}
