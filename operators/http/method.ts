/** Request methods and their properties (RFC 9110 §9.2). */

/** Safe: the client asks for no change of state. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE';
}

/** Idempotent: sending it twice has the effect of sending it once, so a lost one may be sent again. */
export function isIdempotentMethod(method: string): boolean {
  return isSafeMethod(method) || method === 'PUT' || method === 'DELETE';
}
