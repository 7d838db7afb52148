import { lastValueFrom, map, of, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { planBody } from '../../../operators/body/body-source.js';
import { type HasLeft, LendingBody } from '../../../operators/body/lending-body.js';

const asked: (HasLeft | undefined)[] = [];
const body = new LendingBody((hasLeft) => {
  asked.push(hasLeft);
  return of(new Uint8Array([1, 2]), new Uint8Array([3]));
});
const boundary = (): string => 'x';

describe('a body that can be lent', () => {
  it('is an Observable like others, and told nothing', async () => {
    asked.length = 0;
    const chunks = await lastValueFrom(body.pipe(toArray()));
    expect(chunks).toEqual([new Uint8Array([1, 2]), new Uint8Array([3])]);
    expect(asked).toEqual([undefined]);
  });

  it('is offered by its plan, beside the stream', async () => {
    asked.length = 0;
    const plan = planBody(body, boundary);
    expect(plan).toMatchObject({ bytes: undefined, length: undefined, replayable: true, pull: false });
    const hasLeft = (): boolean => true;
    expect(await lastValueFrom((plan.lend?.(hasLeft) ?? of()).pipe(toArray()))).toHaveLength(2);
    expect(asked).toEqual([hasLeft]);
  });

  it('is not lent by the plan of what an operator has made of it', () => {
    expect(planBody(body.pipe(map((chunk) => chunk)), boundary).lend).toBeUndefined();
    expect(planBody(of(new Uint8Array(1)), boundary).lend).toBeUndefined();
  });
});
