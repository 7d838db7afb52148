/** The longest wait of a timer, in milliseconds: Node makes one of a millisecond of whatever is longer. */
export const LONGEST_WAIT = 2 ** 31 - 1;
