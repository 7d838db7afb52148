/**
 * Raw deflate streams of zlib. One that keeps its window between messages belongs to a connection; the others are taken for
 * a message and given back, so that a thousand idle connections cost none.
 */
import type { DeflateRaw, InflateRaw } from 'node:zlib';
import { nodeZlib } from '../core/node-zlib.js';
import type { DeflateParameters } from './permessage-deflate.js';

export type ZlibContext = DeflateRaw | InflateRaw;

/** zlib chooses: Z_DEFAULT_COMPRESSION. */
const DEFAULT_LEVEL = -1;
/** Idle ones of each kind that are kept. */
const MOST_IDLE = 8;
const idle = new Map<string, ZlibContext[]>();

/** What makes a context: contexts of the same key are alike. */
export interface ContextKind {
  readonly key: string;
  create(): ZlibContext;
}

export function inflateKind({ inbound: { windowBits } }: DeflateParameters): ContextKind {
  return { key: `inflate ${windowBits}`, create: () => nodeZlib().createInflateRaw({ windowBits }) };
}

/**
 * zlib does not compress with a window of 256 bytes. It is given 512, of which it never reaches back more than 250, since
 * it keeps 262 for looking ahead: what it makes fits the smaller window too.
 */
export function deflateKind({ outbound, level, memLevel = 8 }: DeflateParameters): ContextKind {
  const windowBits = Math.max(9, outbound.windowBits);
  const key = `deflate ${windowBits} ${level ?? ''} ${memLevel}`;
  const options = { windowBits, memLevel, level: level ?? DEFAULT_LEVEL };
  return { key, create: () => nodeZlib().createDeflateRaw(options) };
}

/** A fresh context, or one that was given back. */
export function takeContext(kind: ContextKind): ZlibContext {
  return idle.get(kind.key)?.pop() ?? kind.create();
}

/** Gives a context back that is well, and nobody listens to. */
export function giveContext(kind: ContextKind, context: ZlibContext): void {
  const kept = idle.get(kind.key) ?? [];
  if (kept.length >= MOST_IDLE) return dropContext(context);
  context.reset();
  kept.push(context);
  idle.set(kind.key, kept);
}

/** Frees a context, now or when zlib is done with it. What it still has to say is not heard. */
export function dropContext(context: ZlibContext): void {
  context.removeAllListeners();
  context.on('error', () => undefined);
  context.close();
}

/** Contexts that wait to be used again. */
export function idleContexts(): number {
  let count = 0;
  for (const kept of idle.values()) count += kept.length;
  return count;
}
