/**
 * A `Request` tells its body as a stream only, also where it was made of text. Text and bytes come out of that as one chunk and an
 * end, with nothing to wait for between them; such a body is sent with its length, and can be sent again. All others are streams.
 */
import { from, map, Observable } from 'rxjs';

type Step = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

/** Emits once: the whole body, or a stream of it. Unsubscribing before cancels the body. */
export function knownBody(body: ReadableStream<Uint8Array>): Observable<Uint8Array | ReadableStream<Uint8Array>> {
  return new Observable((subscriber) => {
    const reader = body.getReader();
    let known = false;
    subscriber.add(() => {
      if (!known) from(reader.cancel()).subscribe({ error: () => undefined });
    });
    from(readAhead(reader))
      .pipe(
        map(({ whole, steps }) => {
          known = true;
          return whole ?? resumed(reader, steps);
        }),
      )
      .subscribe(subscriber);
  });
}

interface Ahead {
  readonly whole: Uint8Array | undefined;
  /** What was asked for already, in order. */
  readonly steps: Promise<Step>[];
}

async function readAhead(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Ahead> {
  const steps: Promise<Step>[] = [];
  const chunks: Uint8Array[] = [];
  while (chunks.length < 2) {
    const step = reader.read();
    steps.push(step);
    const come = await Promise.race([step, nextTurn()]);
    if (come === undefined) break;
    if (come.done) return { whole: chunks[0] ?? new Uint8Array(0), steps };
    chunks.push(come.value);
  }
  return { whole: undefined, steps };
}

function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}

/** The same stream from its beginning. */
function resumed(reader: ReadableStreamDefaultReader<Uint8Array>, steps: Promise<Step>[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await (steps.shift() ?? reader.read());
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
