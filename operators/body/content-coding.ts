/** Content codings (RFC 9110 §8.4): which of them this Node has, what a message says it is in, and what to answer with. */
import type { Gunzip } from 'node:zlib';
import { nodeZlib } from '../core/node-zlib.js';
import { ProtocolError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { splitList, trimOws } from '../http/field-syntax.js';

/** The codings there are streams for; `deflate` is the zlib format (RFC 1950), the bare one is understood too. */
export type ContentCoding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** Makes a stream of Node's zlib; `level` is on the scale of the coding. */
type MakeCoder = (level?: number) => CodingStream;

/** Any stream of Node's zlib: a `Gunzip` has what all of them have. */
export type CodingStream = Gunzip;

/** The streams of one coding. */
export interface Coder {
  readonly encode: MakeCoder;
  readonly decode: MakeCoder;
  /** How to flush without starting over; undefined: the stream's own way. */
  readonly flush: number | undefined;
}

/** Node has zstd from 22.15 on. */
interface WithZstd {
  createZstdCompress(options: object): CodingStream;
  createZstdDecompress(): CodingStream;
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
}
const zstd = (): WithZstd => nodeZlib() as unknown as WithZstd;

/** zlib's number for it. */
const Z_SYNC_FLUSH = 2;

/** Brotli's own default, 11, is for files that are compressed once. */
const BROTLI_LEVEL = 4;

const CODERS: Readonly<Record<ContentCoding, Coder | undefined>> = {
  gzip: {
    encode: (level) => nodeZlib().createGzip(level === undefined ? {} : { level }),
    decode: () => nodeZlib().createGunzip(),
    flush: Z_SYNC_FLUSH,
  },
  deflate: {
    encode: (level) => nodeZlib().createDeflate(level === undefined ? {} : { level }),
    decode: () => nodeZlib().createInflate(),
    flush: Z_SYNC_FLUSH,
  },
  br: {
    encode(level = BROTLI_LEVEL) {
      const { constants, createBrotliCompress } = nodeZlib();
      return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: level } });
    },
    decode: () => nodeZlib().createBrotliDecompress(),
    flush: undefined,
  },
  zstd:
    'zstd' in process.versions
      ? {
          encode(level) {
            const zlib = zstd();
            return zlib.createZstdCompress(
              level === undefined ? {} : { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } },
            );
          },
          decode: () => zstd().createZstdDecompress(),
          flush: undefined,
        }
      : undefined,
};

/** The codings this Node can do, those first that are worth asking for first. */
export const CONTENT_CODINGS: readonly ContentCoding[] = (['zstd', 'br', 'gzip', 'deflate'] as const).filter(
  (coding) => CODERS[coding] !== undefined,
);

/** The streams of a coding, or undefined where this Node has none for it. */
export function coderOf(coding: string): Coder | undefined {
  return Object.hasOwn(CODERS, coding) ? CODERS[coding as ContentCoding] : undefined;
}

/**
 * A value for Accept-Encoding (RFC 9110 §12.5.3) that names what `decodeContent` can undo.
 *
 * @example
 * ```ts
 * import { acceptEncoding } from 'rxweir/operators';
 * acceptEncoding(); // 'br, gzip, deflate', with zstd before them where Node has it
 * ```
 */
export function acceptEncoding(codings: readonly ContentCoding[] = CONTENT_CODINGS): string {
  return codings.length === 0 ? 'identity' : codings.join(', ');
}

/**
 * The codings a message is in, in the order they were applied, over all Content-Encoding lines. `identity` says nothing,
 * `x-gzip` is gzip.
 *
 * @throws ProtocolError `CODING_LIMIT` for more than `maxLayers`, `UNSUPPORTED_CODING` for one that cannot be undone.
 */
export function contentCodings(codings: Fields | readonly string[], maxLayers: number): ContentCoding[] {
  const names = 'getAll' in codings ? codings.getAll('content-encoding').flatMap(splitList) : codings;
  const found: ContentCoding[] = [];
  for (const name of names) {
    const lower = name.toLowerCase();
    if (lower === 'identity') continue;
    if (found.length === maxLayers) {
      throw new ProtocolError('CODING_LIMIT', `the content is coded more than maxLayers (${maxLayers}) times`, {
        scope: 'message',
        limit: 'maxLayers',
        wireCode: 415,
      });
    }
    const coding = lower === 'x-gzip' ? 'gzip' : lower;
    if (coderOf(coding) === undefined) {
      const message = `no decoder for content coding ${JSON.stringify(name.slice(0, 40))}`;
      throw new ProtocolError('UNSUPPORTED_CODING', message, { scope: 'message', wireCode: 415 });
    }
    found.push(coding as ContentCoding);
  }
  return found;
}

/**
 * The coding to answer a request with, by its Accept-Encoding (RFC 9110 §12.5.3): the one with the highest weight, of equal
 * ones the first in `offered`; undefined for none, and where the request does not say.
 *
 * @example
 * ```ts
 * import { Fields, negotiateCoding } from 'rxweir/operators';
 * negotiateCoding(new Fields({ 'accept-encoding': 'gzip;q=0.5, br' })); // 'br'
 * ```
 */
export function negotiateCoding(
  fields: Fields,
  offered: readonly ContentCoding[] = CONTENT_CODINGS,
): ContentCoding | undefined {
  const weights = new Map<string, number>();
  for (const member of fields.getAll('accept-encoding').flatMap(splitList)) {
    const [name, ...parameters] = member.split(';');
    const weight = weightOf(parameters);
    const coding = trimOws(name as string).toLowerCase();
    if (weight >= 0 && !weights.has(coding)) weights.set(coding, weight);
  }
  let best: ContentCoding | undefined;
  let most = 0;
  for (const coding of offered) {
    const weight = weights.get(coding) ?? weights.get(coding === 'gzip' ? 'x-gzip' : '*') ?? weights.get('*') ?? 0;
    if (weight <= most) continue;
    best = coding;
    most = weight;
  }
  return (weights.get('identity') ?? 0) > most ? undefined : best;
}

/** The weight among the parameters (RFC 9110 §12.4.2), 1 where there is none; -1 for one that is malformed. */
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=');
    if (trimOws(name as string).toLowerCase() !== 'q') continue;
    const text = trimOws(value);
    const weight = Number(text);
    return text.length > 0 && text.length <= 5 && weight >= 0 && weight <= 1 ? weight : -1;
  }
  return 1;
}
