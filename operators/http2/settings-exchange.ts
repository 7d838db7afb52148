import { BehaviorSubject, type Observable } from 'rxjs';
import { connectionError } from './http2-error.js';
import { MAX_WINDOW } from './flow-control.js';
import type { Http2Role } from './frame-decoder.js';
import type { SettingEntry, SettingsFrame } from './frames/settings-frame.js';
import type { HeadReader } from './head-reader.js';
import { LocalSettings } from './local-settings.js';
import type { Sender } from './send.js';
import { applySettings, DEFAULT_SETTINGS, type Settings } from './settings.js';
import type { Streams } from './streams.js';

/** What both sides of a connection have told each other. */
export interface SettingsState {
  /** Ours, as far as the peer has acknowledged them. */
  readonly local: Settings;
  /** The peer's. */
  readonly remote: Settings;
  /** SETTINGS frames of ours that wait for their acknowledgement. */
  readonly pending: number;
}

/** SETTINGS in both directions, put into force where they belong (RFC 9113 §6.5). */
export class SettingsExchange {
  remote: Settings = DEFAULT_SETTINGS;
  /** The peer has sent its first. */
  heard = false;
  readonly #local = new LocalSettings();
  readonly #peer: 'client' | 'server';
  #state: BehaviorSubject<SettingsState> | undefined = undefined;

  constructor(role: Http2Role) {
    this.#peer = role === 'client' ? 'server' : 'client';
  }

  /** The state now, and at each change. */
  get state$(): Observable<SettingsState> {
    return (this.#state ??= new BehaviorSubject(this.#snapshot())).asObservable();
  }

  /** Ours, as announced last. */
  get announced(): Settings {
    return this.#local.announced;
  }

  get pending(): number {
    return this.#local.pending;
  }

  /** The largest that the peer may rightly go by, of a setting of ours: those on their way to it count. */
  most(name: 'initialWindowSize' | 'maxFrameSize'): number {
    return this.#local.most(name);
  }

  /** Records changes of ours and returns the entries to send. @throws UsageError `INVALID_SETTING` */
  announce(changes: Partial<Settings>): SettingEntry[] {
    const entries = this.#local.announce(changes);
    this.#changed();
    return entries;
  }

  /** The peer has put ours into force. @throws ProtocolError connection */
  acknowledged(heads: HeadReader): void {
    const before = this.#local.acknowledged.headerTableSize;
    const { headerTableSize } = this.#local.acknowledge();
    if (headerTableSize !== before) heads.setMaxTableSize(headerTableSize);
    this.#changed();
  }

  /** The peer has sent its own. @throws ProtocolError connection */
  received({ entries }: SettingsFrame, sender: Sender, streams: Streams): void {
    this.#apply(entries, sender, streams);
    this.heard = true;
    this.#changed();
  }

  /** The same from the HTTP2-Settings field of an upgrade, ahead of the first frame. @throws ProtocolError connection */
  upgraded(entries: readonly SettingEntry[], sender: Sender, streams: Streams): void {
    this.#apply(entries, sender, streams);
  }

  #apply(entries: readonly SettingEntry[], sender: Sender, streams: Streams): void {
    const before = this.remote;
    this.remote = applySettings(before, entries, { from: this.#peer, first: !this.heard });
    const { headerTableSize, maxFrameSize, initialWindowSize, maxHeaderListSize } = this.remote;
    if (headerTableSize !== before.headerTableSize) sender.encoder.setMaxTableSize(headerTableSize);
    sender.maxFrameSize = maxFrameSize;
    sender.maxHeaderList = maxHeaderListSize;
    const difference = initialWindowSize - before.initialWindowSize;
    if (difference !== 0) {
      for (const stream of streams.all()) {
        stream.sendable += difference;
        if (stream.sendable > MAX_WINDOW) {
          throw connectionError('FLOW_CONTROL_ERROR', `SETTINGS make a window of ${stream.sendable} bytes`);
        }
        sender.credited(stream);
      }
    }
  }

  complete(): void {
    this.#state?.complete();
  }

  #changed(): void {
    this.#state?.next(this.#snapshot());
  }

  #snapshot(): SettingsState {
    return { local: this.#local.acknowledged, remote: this.remote, pending: this.pending };
  }
}
