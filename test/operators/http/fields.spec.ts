import { describe, expect, it, vi } from 'vitest';
import { Fields, type Field, type FieldsInit } from '../../../operators/http/fields.js';
import { mulberry32 } from '../../support/every-split.js';

const entries = (fields: Fields): string[] => [...fields].map(({ name, value }) => `${name}=${value}`);
const flags = (fields: Fields): boolean[] => [...fields].map(({ neverIndex }) => neverIndex);
const list = (): Fields => new Fields('abcab'.split('').map((name, at): [string, string] => [name, `${at}`]));

describe('an ordered list of many values', () => {
  it('keeps order and repetition', () => {
    expect(entries(list())).toEqual(['a=0', 'b=1', 'c=2', 'a=3', 'b=4']);
    expect(list().size).toBe(5);
    expect(new Fields().size).toBe(0);
  });

  it('gets the first, all, or all joined', () => {
    expect(list().get('a')).toBe('0');
    expect(list().getAll('a')).toEqual(['0', '3']);
    expect(list().getCombined('a')).toBe('0, 3');
    expect([list().get('x'), list().getAll('x'), list().getCombined('x')]).toEqual([undefined, [], undefined]);
    expect(new Fields([['a', '']]).getCombined('a')).toBe('');
  });

  it('names are case-insensitive, and in lower case', () => {
    const fields = new Fields({ 'Content-Type': 'text/html' });
    fields.append('CONTENT-type', 'again');
    expect(entries(fields)).toEqual(['content-type=text/html', 'content-type=again']);
    for (const name of ['content-type', 'Content-Type', 'CONTENT-TYPE']) {
      expect(fields.has(name)).toBe(true);
      expect(fields.get(name)).toBe('text/html');
      expect(fields.getAll(name)).toHaveLength(2);
    }
    expect(fields.delete('cOnTeNt-TyPe')).toBe(true);
    expect(fields.size).toBe(0);
  });

  it('set replaces all of a name in the place of the first, or appends', () => {
    expect(entries(list().set('B', 'new'))).toEqual(['a=0', 'b=new', 'c=2', 'a=3']);
    expect(entries(list().set('x', 'new'))).toEqual(['a=0', 'b=1', 'c=2', 'a=3', 'b=4', 'x=new']);
  });

  it('delete removes all of a name and tells whether there was one', () => {
    const fields = list();
    expect(fields.delete('a')).toBe(true);
    expect(fields.delete('a')).toBe(false);
    expect(entries(fields)).toEqual(['b=1', 'c=2', 'b=4']);
  });

  it('clone is a list of its own', () => {
    const fields = new Fields({ cookie: 'a' });
    fields.append('cookie', 'b', { neverIndex: false });
    const copy = fields.clone();
    expect([entries(copy), flags(copy)]).toEqual([entries(fields), flags(fields)]);
    copy.append('x', '1').set('cookie', 'c');
    expect(entries(fields)).toEqual(['cookie=a', 'cookie=b']);
    fields.delete('cookie');
    expect(entries(copy)).toEqual(['cookie=c', 'x=1']);
  });

  it('sorts: pseudo-fields first, then name, value, flag', () => {
    const fields = new Fields([
      ['b', '2'],
      ['b', '1'],
      ['a', '3'],
      [':path', '/'],
      ['cookie', 'x'],
      [':method', 'GET'],
    ]);
    fields.append('a', '3', { neverIndex: true }).append('cookie', 'x', { neverIndex: false });
    expect(fields.sort()).toBe(fields);
    expect(entries(fields)).toEqual([':method=GET', ':path=/', 'a=3', 'a=3', 'b=1', 'b=2', 'cookie=x', 'cookie=x']);
    expect(flags(fields)).toEqual([false, false, false, true, false, false, false, true]);
  });

  it('is written as lines', () => {
    const fields = new Fields({ host: 'a', accept: '' });
    expect(fields.toLines()).toBe('host: a\r\naccept: \r\n');
    expect(fields.toString()).toBe(fields.toLines());
  });

  it('forEach visits what iteration gives', () => {
    const fields = new Fields({ a: '1', cookie: 'x' }).append('a', '2', { neverIndex: true });
    const visited: Field[] = [];
    fields.forEach((name, value, neverIndex) => visited.push({ name, value, neverIndex }));
    expect(visited).toEqual([...fields]);
  });

  it('adopts what a parser has checked', () => {
    expect(entries(Fields.fromParsed(['a', '1', 'b', '2']))).toEqual(['a=1', 'b=2']);
  });
});

describe('what it is built from', () => {
  it.each<[string, FieldsInit]>([
    ['an object', { A: '1', b: ['2', '3'], c: 4, d: undefined }],
    [
      'entries',
      [
        ['a', '1'],
        ['b', '2'],
        ['b', '3'],
        ['c', '4'],
      ],
    ],
    [
      'a Map',
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    ],
    [
      'Headers',
      new Headers([
        ['a', '1'],
        ['b', '2'],
        ['b', '3'],
        ['c', '4'],
      ]),
    ],
    [
      'another list',
      new Fields([
        ['a', '1'],
        ['b', '2'],
        ['b', '3'],
        ['c', '4'],
      ]),
    ],
    [
      'its own entries',
      [
        ...new Fields([
          ['a', '1'],
          ['b', '2'],
          ['b', '3'],
          ['c', '4'],
        ]),
      ],
    ],
  ])('%s', (name, init) => {
    const expected = name === 'Headers' ? 'a=1 b=2, 3 c=4' : name === 'a Map' ? 'a=1 b=2' : 'a=1 b=2 b=3 c=4';
    expect(entries(new Fields(init)).join(' ')).toBe(expected);
  });

  it('nothing', () => {
    expect(new Fields(undefined).size).toBe(0);
    expect(new Fields({}).size).toBe(0);
    expect(Fields.from(undefined).size).toBe(0);
  });

  it('from() takes a list as it is, the constructor copies it', () => {
    const fields = new Fields({ a: '1' });
    expect(Fields.from(fields)).toBe(fields);
    new Fields(fields).append('b', '2');
    expect(fields.size).toBe(1);
  });

  it('a list made by another copy of the package, with its flags', async () => {
    vi.resetModules();
    const copy = await import('../../../operators/http/fields.js');
    const foreign = new copy.Fields({ a: '1' }).append('b', '2', { neverIndex: true });
    expect(foreign).not.toBeInstanceOf(Fields);
    const fields = new Fields(foreign as unknown as Fields);
    expect(entries(fields)).toEqual(['a=1', 'b=2']);
    expect(flags(fields)).toEqual([false, true]);
  });
});

describe('Headers', () => {
  it('round trip, with every set-cookie on its own', () => {
    const fields = new Fields([
      ['x', '1'],
      ['set-cookie', 'a=1, b'],
      ['set-cookie', 'c=2'],
    ]);
    const headers = fields.toHeaders();
    expect(headers.getSetCookie()).toEqual(['a=1, b', 'c=2']);
    expect(new Set(entries(new Fields(headers)))).toEqual(new Set(entries(fields)));
  });

  it('pseudo-fields stay out', () => {
    expect([...new Fields({ ':path': '/', a: '1' }).toHeaders()]).toEqual([['a', '1']]);
  });

  it('bytes above 127 pass as they are', () => {
    expect(new Fields(new Fields({ a: 'é\xff' }).toHeaders()).get('a')).toBe('é\xff');
  });
});

describe('the never-index flag', () => {
  it.each(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])('%s has it by default', (name) => {
    expect(flags(new Fields({ [name.toUpperCase()]: 'x', accept: 'y' }))).toEqual([true, false]);
    expect(flags(Fields.fromParsed([name, 'x']))).toEqual([true]);
    expect(flags(new Fields().append(name, 'x', { neverIndex: false }))).toEqual([false]);
  });

  it('any other can have it', () => {
    const fields = new Fields().append('x-token', '1', { neverIndex: true }).append('x-token', '2');
    expect(flags(fields)).toEqual([true, false]);
  });

  it('is derived anew by set, unless given', () => {
    const fields = new Fields().append('x', '1', { neverIndex: true }).append('cookie', 'a', { neverIndex: false });
    expect(flags(fields.clone().set('x', '2').set('cookie', 'b'))).toEqual([false, true]);
    expect(flags(fields.clone().set('x', '2', { neverIndex: true }))).toEqual([true, false]);
    expect(flags(fields.clone().set('cookie', 'b', { neverIndex: false }))).toEqual([true, false]);
    expect(flags(fields.clone().set('new', '1', { neverIndex: true }))).toEqual([true, false, true]);
  });

  it('stays with its field when others go', () => {
    const fields = new Fields().append('a', '1').append('b', '2', { neverIndex: true }).append('c', '3');
    fields.append('b', '4').append('d', '5', { neverIndex: true });
    fields.delete('a');
    expect(entries(fields)).toEqual(['b=2', 'c=3', 'b=4', 'd=5']);
    expect(flags(fields)).toEqual([true, false, false, true]);
    fields.set('c', '6');
    expect(flags(fields)).toEqual([true, false, false, true]);
    fields.delete('b');
    expect(flags(fields)).toEqual([false, true]);
  });
});

it.each([1, 2, 3, 4])('agrees with a plain array under random use, seed %i', (seed) => {
  const random = mulberry32(seed);
  const sensitive = new Set(['cookie']);
  const pick = (): string => ['a', 'b', 'cookie', 'd'][Math.floor(random() * 4)] as string;
  const fields = new Fields();
  let model: Field[] = [];
  for (let step = 0; step < 500; step++) {
    const name = pick();
    const value = `${step}`;
    const neverIndex = [true, false, undefined][Math.floor(random() * 3)];
    const options = neverIndex === undefined ? {} : { neverIndex };
    const field = { name, value, neverIndex: neverIndex ?? sensitive.has(name) };
    const action = random();
    if (action < 0.6) {
      fields.append(name, value, options);
      model.push(field);
    } else if (action < 0.85) {
      fields.set(name, value, options);
      const at = model.findIndex((each) => each.name === name);
      if (at < 0) model.push(field);
      else model = model.map((each, i) => (i === at ? field : each)).filter((each, i) => i <= at || each.name !== name);
    } else {
      expect(fields.delete(name)).toBe(model.some((each) => each.name === name));
      model = model.filter((each) => each.name !== name);
    }
    expect([...fields]).toEqual(model);
  }
});

describe('names of Object.prototype are names like any other', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasownproperty', 'valueof', '__definegetter__'])('%s', (name) => {
    const fields = new Fields();
    expect([fields.has(name), fields.get(name), fields.getAll(name), fields.delete(name)]).toEqual([
      false,
      undefined,
      [],
      false,
    ]);
    fields.append(name, '1').append(name, '2').set(name, '3').append(name, '4');
    expect(fields.getAll(name)).toEqual(['3', '4']);
    expect(entries(new Fields(JSON.parse(`{"${name}":"x"}`) as FieldsInit))).toEqual([`${name.toLowerCase()}=x`]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('inherited ones are not taken from an object', () => {
    expect(new Fields(Object.create({ inherited: '1' }) as FieldsInit).size).toBe(0);
  });
});

describe('injection', () => {
  const badName = expect.objectContaining({ name: 'UsageError', code: 'INVALID_FIELD_NAME' }) as unknown;
  const badValue = expect.objectContaining({ name: 'UsageError', code: 'INVALID_FIELD_VALUE' }) as unknown;

  it.each([
    '',
    ' ',
    ':',
    'a b',
    'a:',
    'a\r',
    'a\n',
    'a\0',
    'a\t',
    'é',
    '\u010a',
    'a,b',
    '(a)',
    '"a"',
    'a\u007f',
    '::a',
    'a:b',
  ])('%j is no name', (name) => {
    expect(() => new Fields().append(name, 'v')).toThrow(badName);
    expect(() => new Fields().set(name, 'v')).toThrow(badName);
    expect(() => new Fields([[name, 'v']])).toThrow(badName);
  });

  it.each(['a\rb', 'a\nb', 'a\r\nb: c', 'a\r\n b', 'a\0', '\u0001', '\u007f', '\u010a', '\u010d', '€', 'a\r', '\na'])(
    '%j is no value',
    (value) => {
      expect(() => new Fields().append('n', value)).toThrow(badValue);
      expect(() => new Fields().set('n', value)).toThrow(badValue);
      expect(() => new Fields({ n: value })).toThrow(badValue);
      expect(() => new Fields({ n: ['fine', value] })).toThrow(badValue);
      expect(() => new Fields([['n', value]])).toThrow(badValue);
    },
  );

  it('what is refused leaves the list as it was', () => {
    const fields = list();
    expect(() => fields.set('a', '\n')).toThrow(badValue);
    expect(entries(fields)).toEqual(entries(list()));
  });

  it('spaces and tabs around a value go, those inside stay', () => {
    expect(new Fields({ a: ' \t x \t y\t ' }).get('a')).toBe('x \t y');
  });

  it('every other byte passes', () => {
    const all = Array.from({ length: 256 }, (_, code) => code).filter((code) => code > 0x20 && code !== 0x7f);
    const value = String.fromCharCode(...all);
    expect(new Fields({ a: value }).get('a')).toBe(value);
  });

  it('a value is coerced once: what was checked is what is written', () => {
    let turns = 0;
    const shifty = { toString: () => (turns++ === 0 ? 'fine' : 'evil\r\nInjected: 1') } as unknown as string;
    const shiftyName = { toString: () => (turns++ === 1 ? 'n' : 'evil\r\n') } as unknown as string;
    const fields = new Fields().append('a', shifty);
    fields.append(shiftyName, 'v');
    expect(fields.toLines()).toBe('a: fine\r\nn: v\r\n');
    expect(turns).toBe(2);
  });

  it('a value is coerced once by set and by the constructor too', () => {
    for (const use of [
      (value: string) => new Fields({ a: '1' }).set('a', value),
      (value: string) => new Fields().set('a', value),
      (value: string) => new Fields({ a: value }),
      (value: string) => new Fields([['a', value]]),
    ]) {
      let turns = 0;
      const shifty = { toString: () => (turns++ === 0 ? 'fine' : 'evil\r\n') } as unknown as string;
      expect(use(shifty).toLines()).toBe('a: fine\r\n');
    }
  });

  it('a message of an error quotes the name, and never the value', () => {
    const thrown = (work: () => unknown): string => {
      try {
        work();
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(thrown(() => new Fields().append('authorization', 'secret\n'))).not.toContain('secret');
    expect(thrown(() => new Fields().append('a\nb', 'v'))).toBe('not a field name: "a\\nb"');
  });
});
