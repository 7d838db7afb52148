/** A socket that was passed on by whoever started the process. */
export interface InheritedListener {
  readonly fd: number;
  /** By `FileDescriptorName=` of systemd; empty if it has none. */
  readonly name: string;
}

/** Descriptors 0 to 2 are the standard streams. */
const FIRST = 3;
const MOST = 1024;

/**
 * The listening sockets that systemd, or what follows its convention, has passed to this process: `LISTEN_FDS` of them,
 * from descriptor 3 on, if `LISTEN_PID` is us. Empty where there are none. They are places to listen at.
 *
 * @example
 * ```ts
 * import { inheritedListeners, serve } from 'rxweir';
 * const inherited = inheritedListeners();
 * const where = inherited.length > 0 ? { listen: inherited.map(({ fd }) => ({ fd })) } : { port: 8080 };
 * serve(where, () => ({ body: 'hello' })).subscribe();
 * ```
 */
export function inheritedListeners(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  pid: number = process.pid,
): readonly InheritedListener[] {
  const { LISTEN_FDS = '', LISTEN_PID = '', LISTEN_FDNAMES = '' } = environment;
  if (!/^[1-9]\d{0,3}$/.test(LISTEN_FDS) || LISTEN_PID !== String(pid)) return [];
  const names = LISTEN_FDNAMES.split(':');
  const count = Math.min(Number(LISTEN_FDS), MOST);
  return Array.from({ length: count }, (_, i) => ({ fd: FIRST + i, name: names[i] ?? '' }));
}
