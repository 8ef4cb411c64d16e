import type { ErrorCode } from '@sluice/contracts/errors';

/**
 * What mends a refusal for a person at a command line, where the table of errors speaks of members of requests and
 * answers: those are not seen here, and what is sent comes of options. Empty where what was refused says all.
 */
export const MENDS: Partial<Readonly<Record<ErrorCode, string>>> = {
  ERR_BODY_INVALID: '',
  ERR_QUERY_INVALID: '',
  ERR_BATCH_REJECTED: '',
  ERR_HEADER_INVALID: '',
  ERR_JSON_INVALID: 'Give one JSON value in UTF-8.',
  ERR_SOURCE_INVALID: 'Name the source by --source, with 1 to 64 of A-Z a-z 0-9 _ . -',
  ERR_SOURCE_EXISTS: 'Choose another name, or change the source with sluice sources apply.',
  ERR_SOURCE_CHANGED: 'Give the command again: it reads the source anew.',
  ERR_SOURCE_NOT_POLLED: 'Only sources of the kind poll can be polled.',
  ERR_MAPPING_OWNED_BY_FILE:
    'Change it in the sources file, or remove it there; sluice mappings dry-run tries a mapping.',
  ERR_MAPPING_NOT_TRIED:
    'Try it with sluice mappings trial and look at what fails, or activate it with --force REASON.',
  ERR_FORBIDDEN: 'Ask an admin for a key that may.',
  ERR_RATE_LIMITED: 'Wait a few seconds, then send again.',
  ERR_UNAVAILABLE: 'Wait a few seconds, then send again; a repeat is recognised.',
  ERR_INTERNAL: 'Give the command again; if it goes on, the log of the api tells why.',
  ERR_REPLAY_RUNNING:
    'Wait for that replay, or cancel it with sluice replay ID --cancel; or narrow the filter so that the two cannot meet.',
  ERR_SYNC_RUNNING: 'Wait for it, or cancel it: the page Replication of the dashboard shows it.',
};
