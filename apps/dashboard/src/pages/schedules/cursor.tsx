import { Time } from '../../ui/time.tsx';

/** Tells how far a source was read: a cursor that is a time as one, any other as it is written. */
export function Cursor({ value }: { readonly value: string | null }) {
  if (value === null) return <>nothing yet</>;
  return isTime(value) ? <Time at={value} withDate /> : <code>{value}</code>;
}

/** A walk that broke off midway begins with a time and goes on, like `…Z, page 3`; an id may look like a time. */
function isTime(value: string): boolean {
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value));
}
