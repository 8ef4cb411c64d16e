import { expect, it } from 'vitest';
import { settings } from './settings.ts';

it('lets no body be so large that MongoDB could not store the event', () => {
  expect(settings.MAX_BODY_BYTES.safeParse('15MiB').data).toBe(15 * 1024 ** 2);
  expect(settings.MAX_BODY_BYTES.safeParse(`${15 * 1024 ** 2 + 1}`).success).toBe(false);
});
