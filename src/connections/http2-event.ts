import type { Fields, FieldsInit } from '../../operators/http/fields.js';

/** One stream of HTTP/2 as a sequence of events; pseudo-fields have names of their own. */
export type Http2Event =
  | {
      readonly type: 'request';
      readonly method: string;
      /** Undefined for a plain CONNECT, as `path` is. */
      readonly scheme: string | undefined;
      readonly authority: string | undefined;
      readonly path: string | undefined;
      /** Of an extended CONNECT (RFC 8441). */
      readonly protocol: string | undefined;
      readonly fields: Fields;
    }
  | { readonly type: 'informational'; readonly status: number; readonly fields: Fields }
  | { readonly type: 'response'; readonly status: number; readonly fields: Fields }
  | { readonly type: 'data'; readonly chunk: Uint8Array }
  | { readonly type: 'end'; readonly trailers: Fields | undefined };

/** What is sent on one stream. With `endStream` a head is all of its message. */
export type Http2OutboundEvent =
  | {
      readonly type: 'request';
      readonly method: string;
      readonly scheme?: string | undefined;
      readonly authority?: string | undefined;
      readonly path?: string | undefined;
      readonly protocol?: string | undefined;
      readonly fields?: FieldsInit | undefined;
      readonly endStream?: boolean | undefined;
    }
  | { readonly type: 'informational'; readonly status: number; readonly fields?: FieldsInit | undefined }
  | {
      readonly type: 'response';
      readonly status: number;
      readonly fields?: FieldsInit | undefined;
      readonly endStream?: boolean | undefined;
    }
  | { readonly type: 'data'; readonly chunk: Uint8Array }
  | { readonly type: 'end'; readonly trailers?: FieldsInit | undefined };
