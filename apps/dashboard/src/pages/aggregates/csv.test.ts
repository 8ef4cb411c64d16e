import { expect, it } from 'vitest';
import { toCsv } from './csv.ts';

it('writes what a spreadsheet reads as it was, and never as a formula', () => {
  const entry = {
    bucket: '2026-01-01T00:00:00.000Z',
    source: 'shop',
    count: 2,
    sum: 3.5,
    min: -1,
    max: 2,
    avg: 1.75,
  };
  const csv = toCsv([
    { ...entry, metric: 'a "b", c' },
    { ...entry, metric: '=HYPERLINK("x")' },
  ]);
  expect(csv.split('\r\n')).toEqual([
    'bucket,source,metric,count,sum,min,max,avg',
    '2026-01-01T00:00:00.000Z,shop,"a ""b"", c",2,3.5,-1,2,1.75',
    '2026-01-01T00:00:00.000Z,shop,"\'=HYPERLINK(""x"")",2,3.5,-1,2,1.75',
    '',
  ]);
});
