import { expect, test } from 'vitest';
import { toAuthHeaders } from './auth.ts';

const readEnv = (name: string) => ({ ERP_SECRET: 'hunter2', EMPTY: '' })[name];
const secret = { env: 'ERP_SECRET' };

test.each([
  [undefined, {}],
  [{ type: 'bearer', secret } as const, { authorization: 'Bearer hunter2' }],
  [{ type: 'header', header: 'x-api-key', secret: { value: 'k' } } as const, { 'x-api-key': 'k' }],
  [
    { type: 'basic', username: 'müller', secret } as const,
    { authorization: `Basic ${Buffer.from('müller:hunter2').toString('base64')}` },
  ],
])('%j is sent as %j', (auth, headers) => {
  expect(toAuthHeaders({ id: 'erp', auth }, readEnv)).toEqual(headers);
});

test.each(['EMPTY', 'MISSING'])('a variable that is not set is named: %s', (env) => {
  const auth = { type: 'bearer', secret: { env } } as const;
  expect(() => toAuthHeaders({ id: 'erp', auth }, readEnv)).toThrow(`from ${env}, which is not set`);
});

test('a secret that no header may hold is refused without being shown', () => {
  const auth = { type: 'bearer', secret: { value: 'hunter2\r\nhost: evil' } } as const;
  expect(() => toAuthHeaders({ id: 'erp', auth }, readEnv)).toThrow(/^(?!.*hunter2)/);
});
