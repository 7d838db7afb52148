import { describe, expect, it } from 'vitest';
import { isUsageError } from '../../../operators/core/protocol-error.js';
import { Fields, type FieldsInit } from '../../../operators/http/fields.js';
import {
  type BodyFraming,
  type BodyLength,
  requestFraming,
  responseFraming,
} from '../../../operators/http1/message-encoder.js';

const NAMES = ['none', 'length', 'chunked', 'close', 'tunnel'];

function outcome(choose: () => BodyFraming): string {
  try {
    const { framing, contentLength, extraLines, close } = choose();
    const length = contentLength < 0 ? '' : `:${contentLength}`;
    const lines = extraLines.split('\r\n').filter((line) => line !== '');
    return [`${NAMES[framing]}${length}`, ...lines, ...(close ? ['closes'] : [])].join(' | ');
  } catch (error) {
    if (!isUsageError(error)) throw error;
    return error.code;
  }
}

const CHUNKED = { 'transfer-encoding': 'chunked' };
const LENGTH = { 'content-length': '5' };

describe('requestFraming', () => {
  const rows: [string, '1.0' | '1.1', FieldsInit, BodyLength, string][] = [
    ['GET', '1.1', {}, null, 'none'],
    ['HEAD', '1.1', {}, null, 'none'],
    ['DELETE', '1.1', {}, null, 'none'],
    ['POST', '1.1', {}, null, 'none | content-length: 0'],
    ['PUT', '1.0', {}, null, 'none | content-length: 0 | closes'],
    ['GET', '1.1', {}, 5, 'length:5 | content-length: 5'],
    ['POST', '1.1', {}, 0, 'length:0 | content-length: 0'],
    ['POST', '1.1', {}, undefined, 'chunked | transfer-encoding: chunked'],
    ['POST', '1.0', {}, undefined, 'LENGTH_REQUIRED'],
    ['POST', '1.0', { connection: 'keep-alive' }, 5, 'length:5 | content-length: 5'],
    ['POST', '1.1', { connection: 'Close' }, 5, 'length:5 | content-length: 5 | closes'],
    ['POST', '1.1', LENGTH, undefined, 'length:5'],
    ['POST', '1.1', LENGTH, 5, 'length:5'],
    ['POST', '1.1', LENGTH, 6, 'CONFLICTING_LENGTH'],
    ['POST', '1.1', LENGTH, null, 'CONFLICTING_LENGTH'],
    ['POST', '1.1', { 'content-length': '0' }, null, 'length:0'],
    ['POST', '1.1', { 'content-length': ['5', '5'] }, 5, 'CONFLICTING_LENGTH'],
    ['POST', '1.1', { 'Content-Length': '5', 'content-length': '6' }, 5, 'CONFLICTING_LENGTH'],
    ['POST', '1.1', { 'content-length': '-5' }, 5, 'INVALID_CONTENT_LENGTH'],
    ['POST', '1.1', { 'content-length': '5, 5' }, 5, 'INVALID_CONTENT_LENGTH'],
    ['POST', '1.1', CHUNKED, 5, 'chunked'],
    ['POST', '1.1', CHUNKED, undefined, 'chunked'],
    ['POST', '1.1', { 'transfer-encoding': 'gzip, chunked' }, undefined, 'chunked'],
    ['POST', '1.1', { 'transfer-encoding': 'chunked, chunked' }, undefined, 'INVALID_TRANSFER_ENCODING'],
    ['POST', '1.1', { 'transfer-encoding': 'gzip' }, undefined, 'INVALID_TRANSFER_ENCODING'],
    ['POST', '1.1', { 'transfer-encoding': ['gzip', 'chunked'] }, undefined, 'INVALID_TRANSFER_ENCODING'],
    ['POST', '1.1', { ...CHUNKED, ...LENGTH }, 5, 'CONFLICTING_LENGTH'],
    ['POST', '1.0', CHUNKED, undefined, 'INVALID_TRANSFER_ENCODING'],
    ['CONNECT', '1.1', {}, null, 'none'],
    ['CONNECT', '1.1', {}, 0, 'none'],
    ['CONNECT', '1.1', {}, 5, 'BODY_NOT_ALLOWED'],
    ['CONNECT', '1.1', {}, undefined, 'BODY_NOT_ALLOWED'],
    ['CONNECT', '1.1', LENGTH, null, 'BODY_NOT_ALLOWED'],
  ];
  it.each(rows)('%s HTTP/%s %j, body %s: %s', (method, version, fields, length, expected) => {
    expect(outcome(() => requestFraming(method, version, new Fields(fields), length))).toBe(expected);
  });
});

describe('responseFraming', () => {
  const rows: [string, '1.0' | '1.1', number, FieldsInit, BodyLength, boolean, string][] = [
    ['GET', '1.1', 200, {}, 5, false, 'length:5 | content-length: 5'],
    ['GET', '1.1', 200, {}, null, false, 'length:0 | content-length: 0'],
    ['GET', '1.1', 200, {}, undefined, false, 'chunked | transfer-encoding: chunked'],
    ['GET', '1.1', 200, {}, undefined, true, 'chunked | transfer-encoding: chunked | connection: close | closes'],
    ['GET', '1.1', 200, { connection: 'close' }, 5, false, 'length:5 | content-length: 5 | closes'],
    ['GET', '1.1', 200, { connection: 'close' }, 5, true, 'length:5 | content-length: 5 | closes'],
    ['GET', '1.1', 200, LENGTH, undefined, false, 'length:5'],
    ['GET', '1.1', 200, LENGTH, 4, false, 'CONFLICTING_LENGTH'],
    ['GET', '1.1', 200, { ...LENGTH, ...CHUNKED }, 5, false, 'CONFLICTING_LENGTH'],
    ['GET', '1.1', 200, CHUNKED, 5, false, 'chunked'],
    // HTTP/1.0
    ['GET', '1.0', 200, {}, 5, false, 'length:5 | content-length: 5 | connection: keep-alive'],
    ['GET', '1.0', 200, { connection: 'keep-alive' }, 5, false, 'length:5 | content-length: 5'],
    ['GET', '1.0', 200, {}, 5, true, 'length:5 | content-length: 5 | connection: close | closes'],
    ['GET', '1.0', 200, {}, undefined, false, 'close | connection: close | closes'],
    ['GET', '1.0', 200, {}, undefined, true, 'close | connection: close | closes'],
    ['GET', '1.0', 200, CHUNKED, undefined, true, 'INVALID_TRANSFER_ENCODING'],
    // no body
    ['HEAD', '1.1', 200, {}, 5, false, 'none | content-length: 5'],
    ['HEAD', '1.1', 200, {}, null, false, 'none'],
    ['HEAD', '1.1', 200, {}, undefined, false, 'none'],
    ['HEAD', '1.1', 200, LENGTH, 9, true, 'none | connection: close | closes'],
    ['HEAD', '1.1', 200, CHUNKED, undefined, false, 'none'],
    ['HEAD', '1.1', 204, {}, 5, false, 'none'],
    ['GET', '1.1', 204, {}, null, false, 'none'],
    ['GET', '1.1', 204, {}, 5, false, 'none'],
    ['GET', '1.1', 204, {}, undefined, false, 'none'],
    ['GET', '1.1', 204, LENGTH, null, false, 'BODY_NOT_ALLOWED'],
    ['GET', '1.1', 204, { 'content-length': '0' }, null, false, 'BODY_NOT_ALLOWED'],
    ['GET', '1.1', 204, CHUNKED, null, false, 'BODY_NOT_ALLOWED'],
    ['GET', '1.1', 205, {}, 5, false, 'none | content-length: 0'],
    ['GET', '1.1', 205, { 'content-length': '0' }, null, false, 'none'],
    ['GET', '1.1', 205, LENGTH, null, false, 'BODY_NOT_ALLOWED'],
    ['GET', '1.1', 304, {}, 5, false, 'none'],
    ['GET', '1.1', 304, LENGTH, null, false, 'none'],
    ['GET', '1.0', 304, {}, null, false, 'none | connection: keep-alive'],
    // interim and switching
    ['GET', '1.1', 103, {}, null, true, 'none'],
    ['GET', '1.1', 100, LENGTH, null, false, 'BODY_NOT_ALLOWED'],
    ['GET', '1.1', 103, CHUNKED, null, false, 'BODY_NOT_ALLOWED'],
    ['GET', '1.0', 100, {}, null, false, 'INFORMATIONAL_NOT_ALLOWED'],
    ['GET', '1.1', 101, {}, null, false, 'tunnel'],
    ['CONNECT', '1.1', 200, {}, null, true, 'tunnel'],
    ['CONNECT', '1.1', 200, LENGTH, null, false, 'BODY_NOT_ALLOWED'],
    ['CONNECT', '1.1', 204, {}, null, false, 'tunnel'],
    ['CONNECT', '1.1', 403, {}, 5, true, 'length:5 | content-length: 5 | connection: close | closes'],
  ];
  it.each(rows)(
    '%s HTTP/%s: %d %j, body %s, must close %s: %s',
    (method, version, status, fields, length, must, expected) => {
      expect(outcome(() => responseFraming(method, version, status, new Fields(fields), length, must))).toBe(expected);
    },
  );
});
