import { defer, finalize, ignoreElements } from 'rxjs';

/** @param {string} line */
export function say(line) {
  console.log(line);
}

/**
 * A title, what is played under it, and an empty line.
 * @param {string} title
 * @param {import('rxjs').Observable<unknown>} play
 */
export function scene(title, play) {
  return defer(() => {
    say(title);
    return play.pipe(
      ignoreElements(),
      finalize(() => say('')),
    );
  });
}
