/** An event that tells of an error, as the standard has it; Node 20 has no such event. */
export class ErrorEvent extends Event {
  readonly message: string;
  readonly error: unknown;

  constructor(error: unknown) {
    super('error');
    this.message = error instanceof Error ? error.message : String(error);
    this.error = error;
  }
}
