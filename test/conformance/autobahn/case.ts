import type { DeflateConfig } from '../../../operators/websocket/permessage-deflate.js';
import { type Frame, show } from './wire.js';

/**
 * A step of a case: a frame to send; bytes as they are; `{ chop }` frames cut into pieces of that size, each a write of its own;
 * `{ together }` frames in one write; `{ heard }` waits until so many frames were heard.
 */
export type Step =
  | Frame
  | Uint8Array
  | { readonly chop: number; readonly frames: readonly Frame[] }
  | { readonly together: readonly Frame[] }
  | { readonly heard: number };

/** What a peer sends to an echo of ours, and every frame that it has to hear until the byte stream ends. */
export interface Case {
  readonly id: string;
  readonly sends: readonly Step[];
  readonly hears: readonly (string | Frame)[];
  readonly deflate?: DeflateConfig;
}

export const chop = (size: number, ...frames: Frame[]): Step => ({ chop: size, frames });
export const together = (...frames: Frame[]): Step => ({ together: frames });
export const heard = (count: number): Step => ({ heard: count });
export const lines = (hears: readonly (string | Frame)[]): string[] =>
  hears.map((frame) => (typeof frame === 'string' ? frame : show(frame)));
