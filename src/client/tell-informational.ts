import type { ExchangeEvent } from './exchange-event.js';
import type { RequestConfig } from './request-config.js';

/** Calls back with interim responses; what the callback throws is told as a process warning, and the exchange goes on. */
export function tellInformational({ onInformational }: RequestConfig): ((event: ExchangeEvent) => void) | undefined {
  if (onInformational === undefined) return undefined;
  return (event) => {
    if (event.type !== 'informational') return;
    try {
      onInformational({ status: event.status, fields: event.fields });
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  };
}
