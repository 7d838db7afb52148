/**
 * Held delivery: the one backpressure rule.
 *
 * RxJS delivers synchronously, so while a source runs `next(value)` all that is downstream happens inside that call. The
 * source keeps a *current delivery* open for its duration, and anything on that call stack may take a {@link hold} on it.
 * The value counts as consumed once `next` has returned and every hold is released. Nothing is allocated for a value that
 * nobody holds.
 *
 * The slot is one per process, on a registered symbol, so that two copies of the package agree.
 */

interface Slot {
  /** Called once the delivery on the stack is over; undefined outside a delivery. */
  released: ((value: never) => void) | undefined;
  value: unknown;
  /** Made by the first hold. */
  delivery: Delivery | undefined;
}

interface Delivery {
  holds: number;
  open: boolean;
  readonly released: (value: never) => void;
  readonly value: unknown;
  /** The hold on the delivery around this one, for {@link relay}. */
  outer: Release | undefined;
}

const KEY = Symbol.for('rxweir.delivery.v1');
const registry = globalThis as { [KEY]?: Slot };
const slot: Slot = (registry[KEY] ??= { released: undefined, value: undefined, delivery: undefined });

/** Ends a hold; calling it again does nothing. */
export type Release = () => void;

const NOTHING_HELD: Release = () => undefined;

/**
 * Runs `destination.next(value)` as a delivery.
 *
 * @param onReleased called exactly once with the value, when `next` has returned and all holds on this delivery are
 *   released: inside this call if nobody held.
 */
export function deliver<T>(destination: { next(value: T): void }, value: T, onReleased: (value: T) => void): void {
  close(open(destination, value, onReleased), value, onReleased);
}

/**
 * {@link deliver} for a stage in the middle: the delivery it is called in, if any, is held for as long as its own is.
 * Credit so travels from the last stage to the first.
 */
export function relay<T>(destination: { next(value: T): void }, value: T, onReleased: (value: T) => void): void {
  const held = open(destination, value, onReleased);
  if (held === undefined) return onReleased(value);
  held.open = false;
  if (held.holds === 0) onReleased(value);
  else held.outer = hold();
}

function close<T>(held: Delivery | undefined, value: T, onReleased: (value: T) => void): void {
  if (held === undefined) return onReleased(value);
  held.open = false;
  if (held.holds === 0) onReleased(value);
}

/** Calls `next` with the slot set, restores it, and returns the delivery if somebody held it. */
function open<T>(
  destination: { next(value: T): void },
  value: T,
  onReleased: (value: T) => void,
): Delivery | undefined {
  const { released, value: outerValue, delivery } = slot;
  slot.released = onReleased;
  slot.value = value;
  slot.delivery = undefined;
  let held: Delivery | undefined;
  let returned = false;
  try {
    destination.next(value);
    returned = true;
  } finally {
    held = slot.delivery as Delivery | undefined; // set by hold() during next()
    slot.released = released;
    slot.value = outerValue;
    slot.delivery = delivery;
    if (!returned) close(held, value, onReleased);
  }
  return held;
}

/**
 * Keeps the credit of the delivery now on the stack until the returned function is called. Outside a delivery it holds
 * nothing, and the returned function does nothing.
 *
 * @example
 * ```ts
 * import { timer } from 'rxjs';
 * import { hold } from 'rxweir/operators';
 * const release = hold();
 * timer(10).subscribe(release); // the source waits until then
 * ```
 */
export function hold(): Release {
  if (slot.released === undefined) return NOTHING_HELD;
  const delivery = (slot.delivery ??= {
    holds: 0,
    open: true,
    released: slot.released,
    value: slot.value,
    outer: undefined,
  });
  delivery.holds++;
  let done = false;
  return () => {
    if (done) return;
    done = true;
    if (--delivery.holds > 0 || delivery.open) return;
    delivery.released(delivery.value as never);
    delivery.outer?.();
  };
}

/** Whether a delivery is on the stack: a {@link hold} taken now would keep credit back. */
export function isDelivering(): boolean {
  return slot.released !== undefined;
}

/** Whether the delivery on the stack is being held by somebody. */
export function isHeld(): boolean {
  return slot.delivery !== undefined && slot.delivery.holds > 0;
}

/** Runs `work` outside any delivery: what it emits is not charged to the value now on the stack. */
export function undelivered<R>(work: () => R): R {
  const { released, value, delivery } = slot;
  slot.released = undefined;
  slot.value = undefined;
  slot.delivery = undefined;
  try {
    return work();
  } finally {
    slot.released = released;
    slot.value = value;
    slot.delivery = delivery;
  }
}
