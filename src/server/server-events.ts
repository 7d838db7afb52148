import { Observable, Subject, type SchedulerLike, type Subscription } from 'rxjs';
import { contained } from './contained.js';
import type { ServerEvent } from './server-event.js';

/** How long somebody may be waited for before that is told, and how often it is. Milliseconds. */
const STALL = 1000;

/** Reports who has been waited for since `before` or longer; false where nobody is being waited for. */
export type ReportStalls = (before: number) => boolean;

/** The events of one server. Test {@link observed} before composing one. */
export class ServerEvents {
  readonly events$: Observable<ServerEvent>;
  readonly #subject = new Subject<ServerEvent>();
  readonly #scheduler: SchedulerLike;
  readonly #reportStalls: ReportStalls;
  #watching: Subscription | undefined = undefined;

  constructor(scheduler: SchedulerLike, reportStalls: ReportStalls) {
    this.#scheduler = scheduler;
    this.#reportStalls = reportStalls;
    this.events$ = contained(
      new Observable((subscriber) => {
        subscriber.add(this.#subject.subscribe(subscriber));
        this.watch();
        return () => this.#rest();
      }),
    );
  }

  get observed(): boolean {
    return this.#subject.observed;
  }

  emit(event: ServerEvent): void {
    this.#subject.next(event);
  }

  /** Somebody is being waited for: looks for stalls as long as that is so, and there is somebody to tell. */
  watch(): void {
    if (this.#watching !== undefined || !this.observed) return;
    this.#watching = this.#scheduler.schedule(() => {
      this.#watching = undefined;
      if (this.#reportStalls(this.#scheduler.now() - STALL)) this.watch();
    }, STALL);
  }

  complete(): void {
    this.#subject.complete();
    this.#rest();
  }

  #rest(): void {
    if (this.observed) return;
    this.#watching?.unsubscribe();
    this.#watching = undefined;
  }
}
