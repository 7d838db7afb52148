/** Sources, sinks and the steps between them in the manner of LTN12, where each may answer later. */
import { iterate } from '../../operators/core/iterate.js';
import type { Observable } from 'rxjs';

type Chunk = string | Uint8Array;
type Later<T> = T | PromiseLike<T>;

/** Gives a chunk each time it is called, and null or undefined at the end. */
export type Source = () => Later<Chunk | null | undefined>;

/** Takes a chunk each time it is called, and null at the end. The next one waits until it has answered. */
export type Sink = (chunk: Chunk | null) => unknown;

/** Moves one chunk; whatever is falsy ends the pumping. */
export type Step = (source: Source, sink: Sink) => unknown;

const moveOne: Step = async (source, sink) => {
  const chunk = (await source()) ?? null;
  await sink(chunk);
  return chunk !== null;
};

/** What a source gives, by steps, as a body that is asked for more as it leaves. */
export async function* pumpFrom(source: Source, step: Step = moveOne): AsyncGenerator<Chunk, void> {
  for (;;) {
    const moved: Chunk[] = [];
    const sink: Sink = (chunk) => {
      if (chunk !== null && chunk !== undefined) moved.push(chunk);
      return 1;
    };
    const more = await step(source, sink);
    yield* moved;
    if (!more) return;
  }
}

/** A body into a sink, by steps: it is read as the sink answers. Stopping early cancels it. */
export async function pumpInto(body: Observable<Uint8Array>, sink: Sink, step: Step = moveOne): Promise<void> {
  const chunks = iterate(body);
  let asked = false;
  const source: Source = async () => {
    asked = true;
    const { done, value } = await chunks.next();
    return done ? null : value;
  };
  try {
    while (await step(source, sink));
  } finally {
    await chunks.return?.();
    if (!asked) body.subscribe({ error: () => undefined }).unsubscribe(); // else nobody tells it that it is not wanted
  }
}
