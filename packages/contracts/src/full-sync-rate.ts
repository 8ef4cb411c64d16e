/** Documents that a full sync reads a second from each side when nothing is said. Apart, so that a page can show it without zod. */
export const DEFAULT_COMPARED_PER_SECOND = 20_000;
