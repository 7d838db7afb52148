/** Media types of files, by their ending, and which of them shrink. */

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  mjs: 'text/javascript',
  txt: 'text/plain',
  log: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  ics: 'text/calendar',
  vtt: 'text/vtt',
  xml: 'text/xml',
  json: 'application/json',
  map: 'application/json',
  jsonld: 'application/ld+json',
  ndjson: 'application/x-ndjson',
  webmanifest: 'application/manifest+json',
  xhtml: 'application/xhtml+xml',
  atom: 'application/atom+xml',
  rss: 'application/rss+xml',
  wasm: 'application/wasm',
  pdf: 'application/pdf',
  zip: 'application/zip',
  gz: 'application/gzip',
  tgz: 'application/gzip',
  br: 'application/octet-stream',
  zst: 'application/zstd',
  tar: 'application/x-tar',
  '7z': 'application/x-7z-compressed',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  ico: 'image/x-icon',
  bmp: 'image/bmp',
  tiff: 'image/tiff',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  otf: 'font/otf',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  webm: 'video/webm',
  ogv: 'video/ogg',
  mov: 'video/quicktime',
  ts: 'video/mp2t',
  m3u8: 'application/vnd.apple.mpegurl',
};

const SHRINK = new Set([
  'application/json',
  'application/javascript',
  'application/xml',
  'application/wasm',
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/vnd.apple.mpegurl',
  'application/x-tar',
  'image/bmp',
  'image/x-icon',
  'font/ttf',
  'font/otf',
]);

/** Content-Type of a file by its name; text is taken to be UTF-8. */
export function mediaTypeOf(name: string, own: Readonly<Record<string, string>> = {}): string {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (Object.hasOwn(own, ending)) return own[ending] as string;
  const type =
    name.includes('.') && Object.hasOwn(TYPES, ending) ? (TYPES[ending] as string) : 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}

/** Whether a body of that media type (in lower case, without parameters) gets smaller when it is compressed. */
export function isCompressible(mediaType: string): boolean {
  if (mediaType.startsWith('text/') || SHRINK.has(mediaType)) return true;
  return mediaType.endsWith('+json') || mediaType.endsWith('+xml') || mediaType.endsWith('+text');
}
