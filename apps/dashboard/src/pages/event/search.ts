import { readTexts } from '../../data/search.ts';
import { type EventSearch, toEventSearch } from '../events/search.ts';

/** What the address of an event says beside its id. */
export type EventViewSearch = {
  /** The field whose origin is shown. */
  readonly field?: string;
  /** The filter of the list from which it was opened, as a query; between its events one goes on. */
  readonly list?: string;
};

/** Reads what is shown of an event from its address. */
export function toEventViewSearch(search: Readonly<Record<string, unknown>>): EventViewSearch {
  return readTexts(search, ['field', 'list']);
}

/** Writes the filter of a list for the address of one of its events. */
export function toListText(search: EventSearch): string {
  return new URLSearchParams(Object.entries(search)).toString();
}

/** Reads the filter of a list from the address of one of its events. */
export function readListText(text: string): EventSearch {
  return toEventSearch(Object.fromEntries(new URLSearchParams(text)));
}
