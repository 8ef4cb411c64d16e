import type { ComparedDocument } from '@sluice/contracts/sync-differences';
import { plural } from '../../ui/numbers.ts';

/** Says in a sentence how a document stands on both sides. */
export function toVerdict({
  onPrimary,
  onBackup,
  equal,
  orderDiffers,
  fields,
  fieldCount,
}: ComparedDocument): string {
  if (!onPrimary && !onBackup) return 'It is on neither side any more.';
  if (!onBackup) return 'It is not on the backup.';
  if (!onPrimary) return 'It is only on the backup.';
  if (equal) return 'Both sides hold the same now.';
  if (orderDiffers) return 'All fields are equal, but they stand in another order.';
  const count = fields.filter(({ differs }) => differs).length;
  // Equal ones are sent only when there is room beside those that differ.
  const isAll = count < fields.length || fields.length === fieldCount;
  return `${isAll ? '' : 'At least '}${plural(count, 'field')} ${count === 1 ? 'differs' : 'differ'}.`;
}
