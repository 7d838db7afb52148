import { tap } from 'rxjs';
import { DuplexSubject } from '../../operators/core/duplex-subject.js';

/** The same bytes both ways; `closed` is called once both directions have ended, or one of them badly. */
export function trackDuplex<In, Out, Info>(
  duplex: DuplexSubject<In, Out, Info>,
  closed: () => void,
): DuplexSubject<In, Out, Info> {
  let open = 2;
  const ended = (directions: number): void => {
    if (open <= 0) return;
    open -= directions;
    if (open <= 0) closed();
  };
  let sending = true;
  const inbound = duplex.pipe(tap({ complete: () => ended(1), error: () => ended(2), unsubscribe: () => ended(2) }));
  return new DuplexSubject<In, Out, Info>(
    inbound,
    {
      next: (value) => duplex.next(value),
      error: (error: unknown) => {
        duplex.error(error);
        ended(2);
      },
      complete: () => {
        duplex.complete();
        if (sending) ended(1);
        sending = false;
      },
      cork: () => duplex.cork(),
      uncork: () => duplex.uncork(),
      flush: () => duplex.flush(),
    },
    duplex.info,
  );
}
