import { describe, expect, it } from 'vitest';
import { planBody, type BodyPlan } from '../../../operators/body/body-source.js';
import { hold } from '../../../operators/core/deliver.js';

const BOUNDARY = 'rxweir-0123456789';
const plan = (form: FormData): BodyPlan => planBody(form, () => BOUNDARY);

function bytesOf({ bytes, stream }: BodyPlan): Promise<Buffer> {
  if (bytes) return Promise.resolve(Buffer.from(bytes));
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    stream?.subscribe({
      next: (chunk) => chunks.push(chunk),
      error: reject,
      complete: () => resolve(Buffer.concat(chunks)),
    });
  });
}

/** Read back by the platform's own parser, which is not ours. */
async function readBack(form: FormData): Promise<[string, unknown][]> {
  const made = plan(form);
  const all = await bytesOf(made);
  expect(all).toHaveLength(made.length ?? -1);
  const parsed = await new Response(all, { headers: { 'content-type': made.contentType ?? '' } }).formData();
  return Promise.all(
    [...parsed].map(async ([name, value]): Promise<[string, unknown]> => {
      if (typeof value === 'string') return [name, value];
      return [name, { name: value.name, type: value.type, text: await value.text() }];
    }),
  );
}

describe('round trip', () => {
  it('text, in order, repeated names too', async () => {
    const form = new FormData();
    form.append('a', '1');
    form.append('b', 'é€😀');
    form.append('a', '');
    expect(await readBack(form)).toEqual([
      ['a', '1'],
      ['b', 'é€😀'],
      ['a', ''],
    ]);
  });

  it('files among text', async () => {
    const form = new FormData();
    form.append('before', 'x');
    form.append('one', new File(['content'], 'one.txt', { type: 'text/plain' }));
    form.append('none', new File([], 'empty.bin'));
    form.append('blob', new Blob(['blob']));
    form.append('after', 'y');
    expect(await readBack(form)).toEqual([
      ['before', 'x'],
      ['one', { name: 'one.txt', type: 'text/plain', text: 'content' }],
      ['none', { name: 'empty.bin', type: 'application/octet-stream', text: '' }],
      ['blob', { name: 'blob', type: 'application/octet-stream', text: 'blob' }],
      ['after', 'y'],
    ]);
  });

  it('can be sent again', async () => {
    const form = new FormData();
    form.append('file', new File(['content'], 'a'));
    const made = plan(form);
    expect(made.replayable).toBe(true);
    expect(await bytesOf(made)).toEqual(await bytesOf(made));
  });
});

it('nothing at all is a body of its own', async () => {
  expect((await bytesOf(plan(new FormData()))).toString()).toBe(`--${BOUNDARY}--\r\n`);
});

describe('injection', () => {
  it('names and file names cannot end their part', async () => {
    const form = new FormData();
    form.append('a"; x="\r\nEvil: 1\r\n\r\n', 'v');
    form.append('f', new File(['c'], 'a"\r\n\r\n--b.txt'));
    const text = (await bytesOf(plan(form))).toString();
    expect(text).toContain('name="a%22; x=%22%0D%0AEvil: 1%0D%0A%0D%0A"');
    expect(text).toContain('filename="a%22%0D%0A%0D%0A--b.txt"');
    expect(text.split('\r\n')).toHaveLength(11);
  });

  it('line ends of values are CR LF', async () => {
    const form = new FormData();
    form.append('v', 'a\nb\rc\r\nd');
    expect((await bytesOf(plan(form))).toString()).toContain('\r\n\r\na\r\nb\r\nc\r\nd\r\n--');
  });

  it('a type that is no field value is not written', async () => {
    const file = Object.defineProperty(new File(['c'], 'n'), 'type', { value: 'a/b\r\nEvil: 1' });
    const form = {
      [Symbol.toStringTag]: 'FormData',
      *[Symbol.iterator]() {
        yield ['f', file];
      },
    };
    const text = (await bytesOf(plan(form as unknown as FormData))).toString();
    expect(text).toContain('Content-Type: application/octet-stream\r\n');
    expect(text).not.toContain('Evil');
  });
});

it('a file is read only when its turn has come and what was before has gone', () => {
  const form = new FormData();
  form.append('file', new File(['content'], 'a'));
  const held: (() => void)[] = [];
  const seen: string[] = [];
  const subscription = plan(form).stream?.subscribe((chunk) => {
    seen.push(Buffer.from(chunk).toString());
    held.push(hold());
  });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toContain('filename="a"');
  subscription?.unsubscribe();
});
