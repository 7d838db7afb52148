import { pullIterable } from '../core/pull.js';
import type { BodyPlan } from './body-source.js';
import type { ContentCoding } from './content-coding.js';
import { encodeContent, type EncodeContentConfig } from './encode-content.js';

/** A content coding to put on a body, and how. */
export interface BodyCoding extends EncodeContentConfig {
  readonly coding: ContentCoding;
}

/**
 * A planned body with a content coding put on it as it is sent: of the same type, of unknown length, and as replayable as it was,
 * since each subscription codes anew.
 *
 * @throws `UsageError` `UNKNOWN_CODING` for one this Node cannot do.
 * @see encodeContent
 */
export function encodePlan(plan: BodyPlan, { coding, ...config }: BodyCoding): BodyPlan {
  const encode = encodeContent(coding, config);
  const content = plan.stream ?? pullIterable([plan.bytes as Uint8Array]);
  return { ...plan, bytes: undefined, length: undefined, stream: content.pipe(encode) };
}
