import { describe } from 'vitest';
import { addConnectionTests } from './connection.ts';
import { addKeyboardOnlyTests } from './keyboard-only.ts';
import { addKeyTests } from './keys.ts';
import { addPaletteTests } from './palette.ts';
import { startParts } from './parts.ts';
import { addWeightTests } from './weight.ts';

describe('what stands around every page', () => {
  const parts = startParts();

  describe('the command palette', () => addPaletteTests(parts));
  describe('single keys', () => addKeyTests(parts));
  describe('without a mouse', () => addKeyboardOnlyTests(parts));
  describe('the connection', () => addConnectionTests(parts));
  describe('weight', () => addWeightTests(parts));
});
