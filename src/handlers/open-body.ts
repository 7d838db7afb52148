import { type Observable, of } from 'rxjs';
import { type BodySource, planBody } from '../../operators/body/body-source.js';
import { Fields } from '../../operators/http/fields.js';
import { randomBoundary } from '../connections/random-boundary.js';
import type { ServerResponse } from '../server/server-response.js';

/** A response's body, about to pass through somebody's hands. */
export interface OpenBody {
  /** A list of its own, in which is said what the source of the body implied. */
  readonly fields: Fields;
  readonly stream: Observable<Uint8Array>;
  /** Bytes, where that is known. */
  readonly length: number | undefined;
}

/** The body of a response as a stream. */
export function openBody({ fields: init }: ServerResponse, body: BodySource): OpenBody {
  const fields = new Fields(init);
  const { bytes, stream, length, contentType } = planBody(body, randomBoundary);
  if (contentType !== undefined && !fields.has('content-type')) fields.append('content-type', contentType);
  return { fields, stream: stream ?? of(bytes as Uint8Array), length };
}
