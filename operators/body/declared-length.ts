import type { Observable } from 'rxjs';

/** How long its head has said that a body is, where this is the body itself and nothing has been done to it; -1 where not. Bytes. */
export function declaredLength(body: Observable<unknown>): number {
  return (body as { readonly declared?: number }).declared ?? -1;
}
