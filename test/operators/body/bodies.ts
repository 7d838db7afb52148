import { of, type Observable } from 'rxjs';
import { Fields, type FieldsInit } from '../../../operators/http/fields.js';
import type { BodyCarrier } from '../../../operators/body/body-of.js';

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A message as a response is one. */
export function message(body: Observable<Uint8Array> | string, fields: FieldsInit = {}): BodyCarrier {
  return { body: typeof body === 'string' ? of(utf8(body)) : body, fields: new Fields(fields) };
}

/** What a subscription sees synchronously; errors by code. */
export function seen(source: Observable<unknown>): unknown[] {
  const log: unknown[] = [];
  source.subscribe({
    next: (value) => log.push(value),
    error: (error: unknown) => log.push(`error ${(error as { code?: string }).code ?? String(error)}`),
    complete: () => log.push('complete'),
  });
  return log;
}
