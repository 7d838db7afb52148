import { UsageError } from '../core/protocol-error.js';
import { ILLEGAL, type TransitionTable } from '../core/transition-table.js';
import { type Http1Input, type Http1State, requestLane, responseLane } from './state.js';

/** One direction of one exchange: where it is, and by the table of its state what may come next. */
export class Lane {
  readonly #table: TransitionTable<Http1State, Http1Input>;
  #state: number;

  constructor(direction: 'requests' | 'responses') {
    this.#table = direction === 'requests' ? requestLane : responseLane;
    this.#state = this.#table.stateOf('IDLE');
  }

  get state(): Http1State {
    return this.#table.states[this.#state] as Http1State;
  }

  /**
   * Takes the step.
   *
   * @throws UsageError `ILLEGAL_EVENT`. Also for a head behind a complete message: a stream is one exchange.
   */
  step(input: Http1Input): void {
    const table = this.#table;
    const next = table.next(this.#state, table.inputOf(input));
    if (next === ILLEGAL || (this.state === 'DONE' && table.states[next] !== 'SWITCHED' && input !== 'fail')) {
      throw new UsageError('ILLEGAL_EVENT', `no ${input} in state ${this.state}`);
    }
    this.#state = next;
  }

  /** Takes the step if there is one. */
  try(input: Http1Input): void {
    const next = this.#table.next(this.#state, this.#table.inputOf(input));
    if (next !== ILLEGAL) this.#state = next;
  }

  /** Back to where it was: what was to be done there failed. */
  restore(state: Http1State): void {
    this.#state = this.#table.stateOf(state);
  }
}
