/** The cell of a pair that the literal table does not list. */
export const ILLEGAL = 255;

/** A readable literal: state → input → next state. A pair that is not listed is illegal: there is no third answer. */
export type TransitionLiteral<State extends string, Input extends string> = {
  readonly [S in State]: { readonly [I in Input]?: State };
};

/** A literal compiled to one byte a pair, indexed `state * inputs + input`. */
export interface TransitionTable<State extends string, Input extends string> {
  readonly states: readonly State[];
  readonly inputs: readonly Input[];
  readonly cells: Uint8Array;
  /** Small integer of a state, as stored by machines. */
  stateOf(name: State): number;
  /** Small integer of an input. */
  inputOf(name: Input): number;
  /** The next state, or {@link ILLEGAL}. */
  next(state: number, input: number): number;
}

/** Compiles a literal; `states` and `inputs` fix the integers (their order). */
export function compileTransitions<State extends string, Input extends string>(
  states: readonly State[],
  inputs: readonly Input[],
  literal: TransitionLiteral<State, Input>,
): TransitionTable<State, Input> {
  const width = inputs.length;
  const cells = new Uint8Array(states.length * width).fill(ILLEGAL);
  states.forEach((state, row) => {
    const entries = literal[state];
    inputs.forEach((input, column) => {
      const next = entries[input];
      if (next !== undefined) cells[row * width + column] = states.indexOf(next);
    });
  });
  return {
    states,
    inputs,
    cells,
    stateOf: (name) => states.indexOf(name),
    inputOf: (name) => inputs.indexOf(name),
    next: (state, input) => cells[state * width + input] as number,
  };
}
