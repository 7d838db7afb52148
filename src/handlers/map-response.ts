import { catchError, from, map } from 'rxjs';
import { isObservableInput, type HandlerResult, type ServerResponse } from '../server/server-response.js';

/**
 * What a handler answers, with each response changed, interim ones included, and perhaps an answer for what it fails with. It stays the
 * kind of thing it was: a response at once, a promise a promise and an async iterable one, which go on running, and count as running,
 * when the client has gone.
 *
 * @param recover answers an error, or throws
 */
export function mapResponse(
  result: HandlerResult,
  project: (response: ServerResponse) => ServerResponse,
  recover: (error: unknown) => ServerResponse = rethrow,
): HandlerResult {
  if (typeof result !== 'object' || result === null) return result;
  if (!isObservableInput(result)) return project(result);
  if (!('subscribe' in result)) {
    if ('then' in result && typeof result.then === 'function') return result.then(project).then(undefined, recover);
    if (Symbol.asyncIterator in result) return projected(result, project, recover);
  }
  return from(result).pipe(
    map(project),
    catchError((error: unknown) => [recover(error)]),
  );
}

async function* projected(
  source: AsyncIterable<ServerResponse>,
  project: (response: ServerResponse) => ServerResponse,
  recover: (error: unknown) => ServerResponse,
): AsyncGenerator<ServerResponse> {
  try {
    for await (const response of source) yield project(response);
  } catch (error) {
    yield recover(error);
  }
}

function rethrow(error: unknown): never {
  throw error;
}
