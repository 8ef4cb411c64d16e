import { describe } from 'vitest';
import { addAccessibilityTests } from './accessibility.ts';
import { addConnectionTests } from './connection.ts';
import { addKeyboardOnlyTests } from './keyboard-only.ts';
import { addKeyTests } from './keys.ts';
import { addPaletteTests } from './palette.ts';
import type { Parts } from './parts.ts';
import { addWeightTests } from './weight.ts';

/** Adds the tests of what stands around every page. */
export function addShellTests(parts: () => Parts): void {
  describe('the command palette', () => addPaletteTests(parts));
  describe('single keys', () => addKeyTests(parts));
  describe('without a mouse', () => addKeyboardOnlyTests(parts));
  describe('accessibility', () => addAccessibilityTests(parts));
  describe('the connection', () => addConnectionTests(parts));
  describe('weight', () => addWeightTests(parts));
}
