import { Http1Stream } from '../../operators/http1/http1-stream.js';
import { Http2StreamSubject } from '../connections/http2-stream-subject.js';
import { AddedHttp1Stream } from './added-http1-stream.js';
import { AddedHttp2Stream } from './added-http2-stream.js';
import type { AddedStream, AddedStreamHost } from './added-stream.js';
import { invalid } from './option.js';

/** Takes a stream from whoever has it; undefined where no handler is to be asked. @throws `UsageError` `STREAM_IN_USE`, `INVALID_OPTION` */
export function takeOverStream(
  stream: Http1Stream | Http2StreamSubject,
  host: AddedStreamHost,
): AddedStream | undefined {
  if (stream instanceof Http2StreamSubject) return AddedHttp2Stream.takeOver(stream, host);
  if (stream instanceof Http1Stream) return AddedHttp1Stream.takeOver(stream, host);
  throw invalid('stream', 'one of acceptHttp1 or acceptHttp2, or a push');
}
