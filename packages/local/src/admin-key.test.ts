import { expect, it } from 'vitest';
import { toAdminKeyFile, toKeyNotice } from './admin-key.ts';

const file = '/data/admin.key';

it('shows the first admin key in the start that made it, and names its file afterwards', () => {
  const made = toKeyNotice({ file, before: undefined, after: 'slk_a_b' });
  expect(made).toContain('\n    slk_a_b\n');
  expect(made).toContain(file);
  expect(toKeyNotice({ file, before: 'slk_old', after: 'slk_a_b' })).toContain('slk_a_b');
  const later = toKeyNotice({ file, before: 'slk_a_b', after: 'slk_a_b' });
  expect(later).toBe('Keys are asked for; the first admin key is in /data/admin.key.');
  expect(toKeyNotice({ file, before: 'slk_a_b', after: undefined })).toBe('Keys are asked for.');
});

it('keeps it beside the data unless another place is named', () => {
  expect(toAdminKeyFile({}, '/data')).toBe(file);
  expect(toAdminKeyFile({ BOOTSTRAP_KEY_FILE: '' }, '/data')).toBe(file);
  expect(toAdminKeyFile({ BOOTSTRAP_KEY_FILE: '/run/key' }, '/data')).toBe('/run/key');
});
