import { Observable } from 'rxjs';

/**
 * Whether nobody reads the memory of what was sent any more: the kernel has taken it. A release alone does not say so: a socket
 * that is not backed up may still have a chunk to write.
 */
export type HasLeft = () => boolean;

/**
 * A body that can be had in memory that is used again, by a writer with nobody else between it and the source. To all others it is
 * an Observable whose chunks are theirs to keep.
 */
export class LendingBody extends Observable<Uint8Array> {
  /** The same body; the memory of a chunk is used again if `hasLeft` says so when the chunk is released. */
  readonly lend: (hasLeft: HasLeft) => Observable<Uint8Array>;

  /** @param read the body; each chunk in memory of its own where it is given nothing */
  constructor(read: (hasLeft?: HasLeft) => Observable<Uint8Array>) {
    super((subscriber) => read().subscribe(subscriber));
    this.lend = read;
  }
}
