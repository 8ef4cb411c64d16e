import type { JsonObject, JsonValue } from '@sluice/contracts/json';
import { describe, expect, it } from 'vitest';
import { toContentHash } from './content-hash.ts';
import { createNormalizer, KNOWN_SCHEMA_VERSIONS } from './normalize.ts';
import type { NormalizeInput } from './record.ts';
import { parseSafeJson } from './safe-json.ts';
import { WARNINGS } from './warnings.ts';

const normalizer = createNormalizer();

function toInput(payload: JsonValue, changes: Partial<NormalizeInput> = {}): NormalizeInput {
  const source = changes.source ?? 'client_A';
  const body = Buffer.from(JSON.stringify(payload));
  const contentHash = toContentHash({ source, payload, exact: false, body });
  return {
    ...{ tenant: 'default', source, contentHash, payload, schemaVersion: 1 },
    receivedAt: '2024-06-01T00:00:00.000Z',
    ...changes,
  };
}

function record(payload: JsonValue, changes: Partial<NormalizeInput> = {}) {
  const result = normalizer.normalize(toInput(payload, changes));
  if (result.kind !== 'record') throw new Error(`no record: ${JSON.stringify(result)}`);
  return result.record;
}

const sales = { metric: 'sales', amount: 1200, timestamp: '2024-01-01T00:00:00Z' };

describe('a payload that looks like nothing known', () => {
  it('passes through as it is', () => {
    const payload = { foo: 1, nested: { $x: [null] } };
    const passed = record(payload);
    expect(passed).toMatchObject({ type: 'unmapped', subject: null, timestamp: null, schemaVersion: 1 });
    expect(passed).toMatchObject({ lineage: {}, warnings: [], mappingRevision: null });
    expect(passed.data).toBe(payload);
  });

  it('never collapses with another', () => {
    expect(record({ foo: 1 }).normalizedHash).not.toBe(record({ foo: 2 }).normalizedHash);
    expect(record({ foo: 1 }).normalizedHash).toBe(record({ foo: 1 }).normalizedHash);
  });

  it('keeps the type that was named', () => {
    expect(record({ foo: 1 }, { type: 'order' })).toMatchObject({ type: 'order', data: { foo: 1 } });
    expect(record(sales, { type: 'order' })).toMatchObject({ type: 'order', data: sales, timestamp: null });
  });

  it.each([[null], [true], [12], ['text'], [[sales]]])('may be %j', (payload) => {
    expect(record(payload)).toMatchObject({ type: 'unmapped', data: payload, warnings: [] });
    expect(record(payload, { type: 'metric' }).warnings).toMatchObject([{ code: WARNINGS.payloadNotObject }]);
  });

  it.each([
    [{ id: 1, name: 'Chair' }],
    [{ name: 'main' }],
    [{ event: 'order', price: { gross: 5 } }],
    [{ metric: 'sales', amount: null }],
    [{ event: 'deploy', value: 'production' }],
    [{ name: 'Ada Lovelace', branch: 'x' }],
    [{ device: 'd1', heartRate: 70 }],
    [{ device: 'd1', timestamp: 1704067200 }],
    [{ device: 'd1', timestamp: 1704067200, state: 'on' }],
    [{ action: 'opened', number: 1, repository: { name: 'x' } }],
  ])('is what %j is', (payload) => {
    expect(record(payload)).toMatchObject({ type: 'unmapped', data: payload });
  });
});

describe('metric', () => {
  it('gives the same record for the same sale, however it is written', () => {
    const canonical = record(sales);
    const other = record({ value: 'sales', price: '1200', date: '2024/01/01' });
    expect(canonical).toMatchObject({
      ...{ type: 'metric', subject: null, timestamp: '2024-01-01T00:00:00.000Z', warnings: [] },
      data: { metric: 'sales', amount: 1200 },
    });
    for (const field of ['type', 'subject', 'timestamp', 'data', 'normalizedHash'] as const) {
      expect(other[field]).toEqual(canonical[field]);
    }
  });

  it('tells where every field came from', () => {
    expect(record({ value: 'sales', 'price/net': 3, Price: '1200', date: '2024/01/01' }).lineage).toEqual({
      metric: { from: '/value', rule: 'alias' },
      amount: { from: '/Price', rule: 'alias', conversion: 'string to number' },
      timestamp: { from: '/date', rule: 'alias', conversion: 'date with the year first, midnight to UTC' },
    });
    expect(record(sales).lineage['amount']).toEqual({ from: '/amount', rule: 'exact' });
  });

  it('keeps unknown fields, outside the hash, without letting them replace canonical ones', () => {
    const rich = record({ ...sales, shop: { id: 7 }, price: 5 });
    expect(rich.data).toEqual({ metric: 'sales', amount: 1200, shop: { id: 7 }, price: 5 });
    expect(rich.normalizedHash).toBe(record(sales).normalizedHash);
    const clash = record({ metric: { a: 1 }, name: 'sales', amount: 1, timestamp: null, date: '2024-01-01' });
    expect(clash.data).toEqual({ metric: 'sales', amount: 1 });
    expect(clash.warnings).toMatchObject([{ code: WARNINGS.fieldDropped, field: 'metric' }]);
  });

  it('does not collapse what differs in a canonical field, source or tenant', () => {
    const hashes = [
      record(sales),
      record({ ...sales, amount: 1201 }),
      record({ ...sales, metric: 'Sales' }),
      record({ ...sales, timestamp: '2024-01-01T00:00:00.001Z' }),
      record({ ...sales, timestamp: '2024-01-01T00:00:00.0000001Z' }),
      record(sales, { source: 'client_B' }),
      record(sales, { tenant: 'other' }),
    ].map(({ normalizedHash }) => normalizedHash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('warns of a missing time and then tells events apart by content', () => {
    const { timestamp: _, ...timeless } = sales;
    const missing = record(timeless);
    expect(missing).toMatchObject({ type: 'metric', timestamp: null });
    expect(missing.warnings).toMatchObject([{ code: WARNINGS.fieldMissing, field: 'timestamp' }]);
    expect(missing.lineage['timestamp']).toEqual({ from: null, rule: 'missing' });
    expect(record({ ...timeless, order: 1 }).normalizedHash).not.toBe(
      record({ ...timeless, order: 2 }).normalizedHash,
    );
    expect(record({ ...timeless, timestamp: '' }).timestamp).toBeNull();
  });

  it('warns of every guess', () => {
    const guessed = record({ kind: 'a', name: 'b', price: '1,200', at: '03/04/2024 10:00' });
    expect(guessed.warnings.map(({ code, field }) => [code, field])).toEqual([
      [WARNINGS.fieldAmbiguous, 'metric'],
      [WARNINGS.numberGuessed, 'amount'],
      [WARNINGS.timeGuessed, 'timestamp'],
      [WARNINGS.zoneAssumed, 'timestamp'],
    ]);
  });

  it('tells how likely what it took and what it left was', () => {
    const details = (payload: JsonObject) =>
      record(payload)
        .warnings.filter(({ code }) => code === WARNINGS.fieldAmbiguous)
        .map(({ detail }) => detail);
    expect(details({ metric: 'a', price: 1, cost: 2, count: 3, timestamp: 0 })).toEqual([
      'taken from /price (score 89); /cost (score 78), /count (score 11) could be meant too',
    ]);
    expect(details({ metric: 'a', Price: 1, price: 2, timestamp: 0 })).toEqual([
      'taken from /Price (score 89); /price (score 89) could be meant too, just as likely',
    ]);
  });

  it('does not take two amounts for the same that differ in digits which got lost', () => {
    const rounded = record({ ...sales, amount: 2 ** 60 });
    expect(rounded.warnings).toMatchObject([{ code: WARNINGS.numberRounded, field: 'amount' }]);
    expect(rounded.normalizedHash).not.toBe(
      record({ ...sales, amount: 2 ** 60, other: true }).normalizedHash,
    );
  });

  it('says that what the payload has under timestamp is left out when it is no time of the record', () => {
    const { warnings } = record({ metric: 'a', amount: 1, timestamp: null, date: 0, Timestamp: null });
    expect(warnings).toEqual([]);
    expect(record({ first_name: 'A', last_name: 'B', timestamp: false, at: 0 }).warnings).toMatchObject([
      { code: WARNINGS.fieldDropped, detail: expect.stringContaining('timestamp is the time of the record') },
    ]);
  });

  it('warns of a time more than a day ahead of the arrival', () => {
    expect(record({ ...sales, timestamp: '2024-06-01T23:59:00Z' }).warnings).toEqual([]);
    expect(record({ ...sales, timestamp: '2024-06-02T00:01:00Z' }).warnings).toMatchObject([
      { code: WARNINGS.timeAhead, field: 'timestamp' },
    ]);
  });

  it.each([
    [{ ...sales, amount: 'abc' }, undefined, 'ERR_FIELD_UNREADABLE', 'amount'],
    [{ event: 'sale', cost: 'a lot' }, undefined, 'ERR_FIELD_UNREADABLE', 'amount'],
    [{ ...sales, timestamp: 'yesterday' }, undefined, 'ERR_FIELD_UNREADABLE', 'timestamp'],
    [{ ...sales, timestamp: { s: 1 } }, undefined, 'ERR_FIELD_UNREADABLE', 'timestamp'],
    [{ metric: 'sales', amount: [1] }, 'metric', 'ERR_FIELD_UNREADABLE', 'amount'],
    [{ metric: true, amount: 1 }, 'metric', 'ERR_FIELD_UNREADABLE', 'metric'],
    [{ metric: 'sales' }, 'metric', 'ERR_FIELD_REQUIRED', 'amount'],
    [{ metric: 'sales', amount: '' }, 'metric', 'ERR_FIELD_REQUIRED', 'amount'],
    [{ amount: 1 }, 'metric', 'ERR_FIELD_REQUIRED', 'metric'],
    [{}, 'metric', 'ERR_FIELD_REQUIRED', 'metric'],
  ])('refuses %j (named type: %s) with %s', (payload, type, code, field) => {
    const result = normalizer.normalize(toInput(payload, type === undefined ? {} : { type }));
    expect(result).toMatchObject({ kind: 'refused', code, field });
  });

  it('gives a record of its own data the same hash', () => {
    const payload = parseSafeJson('{"value":"sales","price":"1 200,50","date":"2024/01/01"}').value;
    const first = record(payload);
    const again = record({ ...(first.data as JsonObject), timestamp: first.timestamp });
    expect(again).toMatchObject({ data: first.data, normalizedHash: first.normalizedHash });
  });

  it('does not quote the payload in a refusal', () => {
    const result = normalizer.normalize(toInput({ ...sales, amount: 'hunter2' }));
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });
});

describe('vitals', () => {
  const vitals = { device: 'd1', timestamp: 1704067200, heartRateValue: 70, breathRateValue: 12.5 };

  it('gives every sign its own name and the device as subject', () => {
    expect(record({ ...vitals, spo2: 98, skin_temp_value: 36.6, firmware: '1.2' })).toMatchObject({
      ...{ type: 'vitals', subject: 'd1', timestamp: '2024-01-01T00:00:00.000Z', warnings: [] },
      data: { deviceId: 'd1', heartRate: 70, breathRate: 12.5, spo2: 98, skin_temp: 36.6, firmware: '1.2' },
      lineage: {
        deviceId: { from: '/device', rule: 'alias' },
        heartRate: { from: '/heartRateValue', rule: 'alias' },
        skin_temp: { from: '/skin_temp_value', rule: 'alias' },
        spo2: { from: '/spo2', rule: 'exact' },
      },
    });
  });

  it.each([
    [{ deviceId: 'd1', timestamp: '1704067200', heartRate: '70', breathRate: 12.5 }],
    [{ device_id: 'd1', ts: 1704067200000, hr: 70, br: '12.5' }],
    [{ dev: 'd1', time: '2024-01-01T00:00:00Z', pulse: 70, breath_rate: 12.5, note: 'x' }],
  ])('reads %j as the same record', (payload) => {
    expect(record(payload).normalizedHash).toBe(record(vitals).normalizedHash);
  });

  it('hashes every sign', () => {
    const hashes = [
      vitals,
      { ...vitals, spo2: 98 },
      { ...vitals, spo2: 97 },
      { ...vitals, heartRateValue: 71 },
    ].map((payload) => record(payload).normalizedHash);
    expect(new Set(hashes).size).toBe(4);
  });

  it('keeps `<x>Value` apart when `<x>` is there too', () => {
    expect(record({ ...vitals, heartRate: 71, spo2: 98, spo2Value: 97 }).data).toEqual({
      ...{ deviceId: 'd1', heartRate: 71, heartRateValue: 70, breathRate: 12.5, spo2: 98, spo2Value: 97 },
    });
  });

  it('takes a number as name of the device', () => {
    expect(record({ ...vitals, device: 7 })).toMatchObject({
      ...{ subject: '7', data: { deviceId: '7' }, warnings: [] },
    });
    const [one, two] = [2 ** 60, 2 ** 60].map((device, order) => record({ ...vitals, device, order }));
    expect(one?.warnings).toMatchObject([{ code: WARNINGS.numberRounded, field: 'deviceId' }]);
    expect(one?.normalizedHash).not.toBe(two?.normalizedHash);
  });

  it('warns of a sign that lost digits', () => {
    expect(record({ ...vitals, steps: 2 ** 60 }).warnings).toMatchObject([
      { code: WARNINGS.numberRounded, field: 'steps' },
    ]);
  });

  it('warns when the payload looks like a metric too', () => {
    const { type, warnings } = record({ device: 'd1', ts: 1704067200, metric_name: 'temp', value: 20.5 });
    expect(type).toBe('vitals');
    expect(warnings).toEqual([
      { code: WARNINGS.typeGuessed, detail: 'the payload was read as vitals; it looks like metric too' },
    ]);
  });

  it('leaves a metric that a device reports a metric', () => {
    expect(record({ ...sales, device: 'd1' })).toMatchObject({ type: 'metric', data: { device: 'd1' } });
  });

  it.each([
    [{ timestamp: 1704067200, heartRate: 70 }, 'ERR_FIELD_REQUIRED', 'deviceId'],
    [{ device: 'd1', heartRate: 70 }, 'ERR_FIELD_REQUIRED', 'timestamp'],
    [{ ...vitals, device: ['d1'] }, 'ERR_FIELD_REQUIRED', 'deviceId'],
    [{ ...vitals, deviceId: ['d1'], device: null }, 'ERR_FIELD_UNREADABLE', 'deviceId'],
    [{ ...vitals, heartRate: 'fast' }, 'ERR_FIELD_UNREADABLE', 'heartRate'],
    [{ ...vitals, heartRate: Number.POSITIVE_INFINITY }, 'ERR_FIELD_UNREADABLE', 'heartRate'],
  ])('refuses %j with %s', (payload, code, field) => {
    expect(normalizer.normalize(toInput(payload, { type: 'vitals' }))).toMatchObject({
      kind: 'refused',
      code,
      field,
    });
  });
});

describe('person', () => {
  it('is upcast from version 1 to 2', () => {
    const ada = record({ name: 'Ada Lovelace', email: 'ada@example.com', phone: '1' });
    expect(ada).toMatchObject({ type: 'person', schemaVersion: 2, subject: 'ada@example.com', warnings: [] });
    expect(ada.data).toEqual({
      first_name: 'Ada',
      last_name: 'Lovelace',
      email: 'ada@example.com',
      phone: '1',
    });
    expect(ada.lineage).toEqual({
      first_name: { from: '/name', rule: 'upcast', conversion: 'all words but the last' },
      last_name: { from: '/name', rule: 'upcast', conversion: 'last word' },
      email: { from: '/email', rule: 'exact' },
    });
  });

  it.each([
    ['Ada King Lovelace', 'Ada King', 'Lovelace'],
    ['Ada', 'Ada', null],
  ])('splits %j with a warning', (name, first, last) => {
    const person = record({ name }, { type: 'person' });
    expect(person.data).toEqual({ first_name: first, last_name: last });
    expect(person.warnings).toMatchObject([{ code: WARNINGS.nameGuessed }]);
  });

  it('stays as it is while only version 1 is supported', () => {
    const old = createNormalizer({ supportedVersions: [1] });
    expect(old.normalize(toInput({ name: 'Ada Lovelace' }))).toMatchObject({
      record: { type: 'person', schemaVersion: 1, data: { name: 'Ada Lovelace' } },
    });
    expect(old.normalize(toInput({}, { schemaVersion: 2 }))).toEqual({ kind: 'unknown-version', version: 2 });
    expect([1, 2].map(old.isSupported)).toEqual([true, false]);
  });

  it('gives both versions the same record', () => {
    const created = '2024-01-01';
    const one = record({ name: 'Ada Lovelace', id: 5, created });
    const two = record({ firstName: 'Ada', last_name: 'Lovelace', id: 5, created }, { schemaVersion: 2 });
    expect(one).toMatchObject({ schemaVersion: 2, subject: '5', timestamp: '2024-01-01T00:00:00.000Z' });
    expect(two).toMatchObject({ schemaVersion: 2, data: one.data, normalizedHash: one.normalizedHash });
  });

  it('does not take two people of one name for the same', () => {
    const hash = (payload: JsonObject) => record(payload).normalizedHash;
    expect(hash({ name: 'Ada Lovelace', phone: '1' })).not.toBe(hash({ name: 'Ada Lovelace', phone: '2' }));
    const created = '2024-01-01';
    expect(hash({ name: 'Ada Lovelace', created, email: 'a@x' })).not.toBe(
      hash({ name: 'Ada Lovelace', created, email: 'b@x' }),
    );
  });

  it('may have both names in version 1 already, or lack one in version 2', () => {
    expect(record({ first_name: 'Ada', last_name: 'Lovelace' })).toMatchObject({ schemaVersion: 2 });
    expect(record({ first_name: 'Ada', other: 1 }, { schemaVersion: 2 })).toMatchObject({
      data: { first_name: 'Ada', last_name: null, other: 1 },
      warnings: [{ code: WARNINGS.fieldMissing, field: 'last_name' }],
    });
  });

  it('refuses a named person without a name', () => {
    const refusal = { kind: 'refused', code: 'ERR_FIELD_REQUIRED' };
    expect(normalizer.normalize(toInput({}, { type: 'person' }))).toMatchObject({
      ...refusal,
      field: 'name',
    });
    const two = toInput({ name: 'Ada Lovelace' }, { type: 'person', schemaVersion: 2 });
    expect(normalizer.normalize(two)).toMatchObject({ ...refusal, field: 'first_name' });
  });
});

describe('schema versions', () => {
  it('knows the versions of this build and leaves other types at their own', () => {
    expect(KNOWN_SCHEMA_VERSIONS.every(normalizer.isSupported)).toBe(true);
    expect(record(sales).schemaVersion).toBe(1);
    expect(record(sales, { schemaVersion: 2 }).schemaVersion).toBe(2);
    expect(normalizer.normalize(toInput(sales, { schemaVersion: 3 }))).toEqual({
      kind: 'unknown-version',
      version: 3,
    });
  });
});
