import type { Handler } from '../server/respond-context.js';

/** Makes a handler of a handler; the `pipe` of rxjs chains them: `pipe(compress(), basicAuth(…))(handler)`. The last one is outermost. */
export type HandlerOperator = (handler: Handler) => Handler;
