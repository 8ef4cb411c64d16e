import { z } from 'zod';

/** The query of a route that takes none: a parameter that somebody gives all the same is refused, not passed over. */
export const noQuery = z.strictObject({});
