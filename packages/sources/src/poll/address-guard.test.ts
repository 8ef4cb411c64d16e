import type { LookupAddress, lookup } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { checkLiteralHost, createGuardedLookup, explainRefusal } from './address-guard.ts';

describe('explainRefusal', () => {
  test.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8'])('lets %s be polled', (address) => {
    expect(explainRefusal(address, false)).toBeUndefined();
  });

  test.each([
    '127.0.0.1',
    '127.255.0.9',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '::1',
    '[::1]',
    'fd12::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
  ])('refuses %s unless private addresses are allowed', (address) => {
    expect(explainRefusal(address, false)).toContain('allowPrivate');
    expect(explainRefusal(address, true)).toBeUndefined();
  });

  test.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '100.100.100.200',
    '168.63.129.16',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '::ffff:0:169.254.169.254',
    '::ffff:169.254.169.254%eth0',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:20::1',
    '3fff::1',
    '2002:7f00:1::',
    '::',
    'nonsense',
  ])('refuses %s always', (address) => {
    expect(explainRefusal(address, false)).toBeDefined();
    expect(explainRefusal(address, true)).toBeDefined();
  });
});

describe('checkLiteralHost', () => {
  test.each([
    ...[
      '127.1',
      '0x7f.1',
      '0x7f000001',
      '2130706433',
      '017700000001',
      '0177.0.0.1',
      '127.0.0.1.',
      '0',
      '0.0',
    ],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '①②⑦.⓪.⓪.①'],
  ])('sees through %s', (host) => {
    expect(() => checkLiteralHost(new URL(`http://${host}/`), false)).toThrow('allowPrivate');
  });
});

test('checkLiteralHost refuses the metadata service in whatever notation, also where private ones are allowed', () => {
  for (const host of [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[::ffff:a9fe:a9fe]',
  ]) {
    expect(() => checkLiteralHost(new URL(`http://${host}/`), true)).toThrow('metadata');
  }
});

describe('createGuardedLookup', () => {
  function resolve(addresses: LookupAddress[], all: boolean) {
    const names = ((
      _name: string,
      _options: unknown,
      callback: (error: null, found: LookupAddress[]) => void,
    ) => callback(null, addresses)) as typeof lookup;
    return new Promise((done) => {
      createGuardedLookup(false, names)('erp.test', { all }, (error, address) =>
        done(error?.message ?? address),
      );
    });
  }
  const good = { address: '8.8.8.8', family: 4 };
  const bad = { address: '127.0.0.1', family: 4 };

  test('gives addresses that may be polled, as one or as a list', async () => {
    expect(await resolve([good], false)).toBe('8.8.8.8');
    expect(await resolve([good], true)).toEqual([good]);
  });

  test('refuses a name with any address that may not', async () => {
    expect(await resolve([good, bad], true)).toContain('erp.test: 127.0.0.1 is a private');
    expect(await resolve([bad], false)).toContain('erp.test: 127.0.0.1 is a private');
    expect(await resolve([], true)).toContain('no address');
  });
});
