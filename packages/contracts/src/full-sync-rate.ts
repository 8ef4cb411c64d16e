/*
 * How many documents a full sync reads a second from each side. Apart, so that a page can show it without zod.
 */

/** The least that can be asked for. */
export const MIN_COMPARED_PER_SECOND = 10;

/** The most that can be asked for. */
export const MAX_COMPARED_PER_SECOND = 1_000_000;

/** What holds when nothing is said. */
export const DEFAULT_COMPARED_PER_SECOND = 20_000;
