import { expect, it } from 'vitest';
import { type FieldRule, findField, TIMESTAMP_ALIASES, toAliasKey, toPayloadView } from './aliases.ts';

const rule: FieldRule = {
  field: 'amount',
  from: ['amount', 'price', 'cost'],
  as: 'number',
  need: 'required',
};

it.each([
  ['createdAt', 'createdat'],
  ['created_at', 'createdat'],
  ['Created-At', 'createdat'],
  ['CREATED AT', 'createdat'],
])('compares %s as %s', (key, alias) => {
  expect(toAliasKey(key)).toBe(alias);
});

it('lists aliases in the form in which they are compared', () => {
  expect(TIMESTAMP_ALIASES.map(toAliasKey)).toEqual(TIMESTAMP_ALIASES);
});

it('prefers the own name, then the order of the table', () => {
  const find = (payload: Parameters<typeof toPayloadView>[0]) => findField(rule, toPayloadView(payload));
  expect(find({ cost: 1, amount: 2, price: 3 })).toEqual({
    ...{ key: 'amount', value: 2, rule: 'exact', score: 100, rivals: [] },
  });
  expect(find({ cost: 1, price: 3 })).toEqual({
    ...{ key: 'price', value: 3, rule: 'alias', score: 67, rivals: [{ key: 'cost', score: 33 }] },
  });
  expect(find({ AMOUNT: 1, Price: 3 })).toMatchObject({
    ...{ key: 'AMOUNT', rule: 'alias', score: 100, rivals: [{ key: 'Price', score: 67 }] },
  });
});

it('scores keys alike that differ only in spelling, and takes the same whatever their order', () => {
  const tied = { key: 'PRICE', score: 67, rivals: [{ key: 'price', score: 67 }] };
  expect(findField(rule, toPayloadView({ price: 1, PRICE: 2 }))).toMatchObject(tied);
  expect(findField(rule, toPayloadView({ PRICE: 2, price: 1 }))).toMatchObject(tied);
});

it('does not take null, blanks, booleans, lists and objects for a value', () => {
  const payload = { amount: null, price: ' ', cost: [1], Amount: {}, Cost: true };
  expect(findField(rule, toPayloadView(payload))).toBeNull();
});

it('does not find what an object inherits', () => {
  const inherited: FieldRule = {
    field: 'constructor',
    from: ['constructor', 'tostring'],
    as: 'text',
    need: 'optional',
  };
  expect(findField(inherited, toPayloadView({}))).toBeNull();
});
