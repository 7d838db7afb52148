import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { isProtocolError, type ProtocolError } from '../../../operators/core/protocol-error.js';
import { HpackDecoder } from '../../../operators/hpack/decoder.js';

/** Bytes written in hexadecimal, with spaces anywhere. */
export function hex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Several blocks, or parts of one, as one. */
export function joined(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** A flat list as lines `name: value`. */
export function lines(list: readonly string[]): string[] {
  return Array.from({ length: list.length / 2 }, (_, i) => `${list[2 * i]}: ${list[2 * i + 1]}`);
}

/** The entries of a decoder's dynamic table, asked for by index; the newest first. */
export function tableOf(decoder: HpackDecoder): string[] {
  const entries: string[] = [];
  for (let left = decoder.tableSize; left > 0;) {
    const [name = '', value = ''] = decoder.decodeList(Uint8Array.of(0x80 | (62 + entries.length)));
    left -= name.length + value.length + 32;
    entries.push(`${name}: ${value}`);
  }
  return entries;
}

/** The ProtocolError that `work` throws. */
export function errorOf(work: () => unknown): ProtocolError {
  let thrown: unknown;
  try {
    work();
  } catch (error) {
    thrown = error;
  }
  if (!isProtocolError(thrown)) throw new Error(`no ProtocolError but ${String(thrown)}`);
  return thrown;
}

/** That the block ends its connection: the code and all that belongs to it. */
export function expectCompressionError(block: Uint8Array, decoder = new HpackDecoder()): void {
  const error = errorOf(() => decoder.decodeList(block));
  const { code, scope, initiator, wireCode } = error;
  expect({ code, scope, initiator, wireCode }).toEqual({
    code: 'COMPRESSION_ERROR',
    scope: 'connection',
    initiator: 'remote',
    wireCode: 0x9,
  });
  expect(errorOf(() => decoder.decodeList(Uint8Array.of(0x82)))).toBe(error); // and stays so
}

/** One block of a story of hpack-test-case. */
export interface StoryBlock {
  readonly wire: Uint8Array;
  /** Flat. */
  readonly list: string[];
  readonly tableSize: number | undefined;
}

const STORIES = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'conformance', 'hpack-test-case');

/** Why tests with stories are skipped, if they are. */
export const noStories = existsSync(STORIES) ? undefined : `there are no stories at ${STORIES}`;

/** The stories of an encoder, by name of their file. */
export function stories(encoder: string): Map<string, StoryBlock[]> {
  const folder = join(STORIES, encoder);
  return new Map(
    readdirSync(folder).map((name) => [
      name,
      (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Story).cases.map((one) => ({
        wire: hex(one.wire ?? ''),
        list: one.headers.flatMap((field) => Object.entries(field)[0] as [string, string]),
        tableSize: one.header_table_size ?? undefined,
      })),
    ]),
  );
}

interface Story {
  readonly cases: readonly {
    readonly wire?: string;
    readonly headers: readonly Record<string, string>[];
    readonly header_table_size?: number | null;
  }[];
}
