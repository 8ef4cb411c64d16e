import { describe, expect, it } from 'vitest';
import { renderTable, toCell } from './table.ts';

const plain = (_style: string, text: string): string => text;

describe('a table', () => {
  it('lines its columns up and ends no line with blanks', () => {
    const columns = [{ title: 'id' }, { title: 'count', align: 'right' }, { title: '' }] as const;
    const rows = [
      ['a', '1', ''],
      ['longer', '1,000', 'x'],
    ];
    expect(renderTable(columns, rows, plain)).toBe('id      count\na           1\nlonger  1,000  x\n');
  });

  it('shows no control characters of strangers', () => {
    expect(toCell('a\u001b[31mred\u001b[0m\u0007\n\u202eb')).toBe('ared   b');
    expect(toCell('x'.repeat(100), 10)).toBe('xxxxxxx...');
  });
});
