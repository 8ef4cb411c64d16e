import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { toCurl } from './curl.ts';

it('writes a line that a shell reads as it was meant', () => {
  const payload = { note: `it's $(whoami) "and" \`more\`\n`, n: 1 };
  const line = toCurl('http://127.0.0.1:3001', 'shop', payload);
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' }).split('\0');
  expect(words.slice(0, 5)).toEqual(['curl', '-X', 'POST', 'http://127.0.0.1:3001/api/events', '-H']);
  expect(JSON.parse(words[7] ?? '')).toEqual({ source: 'shop', payload });
});
