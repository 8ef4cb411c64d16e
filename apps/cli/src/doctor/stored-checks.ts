import { readEnvironment } from '@sluice/runtime/config';
import { createSecretBox, SecretsKeyError } from '@sluice/sources/secret-box';
import { openSource } from '@sluice/sources/source-sealer';
import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import { createPollRuns } from '@sluice/store/poll-runs';
import { createSourceStore } from '@sluice/store/sources-store';
import { loadSettings } from '../config.ts';
import { toPollState } from '../poll-state.ts';
import { findSecretsKey } from '../store-address.ts';
import { type Check, type Finding, fail, ok, runCheck, warn } from './check.ts';

const RECENT_RUNS = 20;

/** Checks what is stored in MongoDB: that secrets can be read, and that every waiting event can be processed. */
export async function checkStored(store: StoreConnection): Promise<readonly Check[]> {
  return [
    await runCheck('stored secrets', 'Set SECRETS_KEY as every other process has it.', () =>
      checkSecrets(store),
    ),
    await runCheck('polled sources', 'Run sluice migrate, then ask again.', () => checkPolled(store)),
    await runCheck('schema versions', 'Run sluice migrate, then ask again.', () => checkVersions(store)),
  ];
}

async function checkSecrets(store: StoreConnection): Promise<Finding> {
  const { SECRETS_KEYS_OLD: oldKeys } = loadSettings('SECRETS_KEYS_OLD');
  const box = createSecretBox({ key: await findSecretsKey(), oldKeys });
  const { sources, unreadable } = await createSourceStore(store).list();
  if (unreadable.length > 0) {
    return fail(
      `These sources cannot be read: ${unreadable.map(({ id }) => id).join(', ')}.`,
      'Declare them anew, in the file or by the api.',
    );
  }
  const closed: string[] = [];
  const unset = new Set<string>();
  for (const { source } of sources) {
    try {
      openSource(source, box);
    } catch (error) {
      if (!(error instanceof SecretsKeyError)) throw error;
      closed.push(source.id);
    }
    for (const name of toVariables(source)) if (readEnvironment(name) === undefined) unset.add(name);
  }
  if (closed.length > 0) {
    return fail(
      `The stored secrets of ${closed.join(', ')} do not open with the keys that are set here.`,
      'Set SECRETS_KEY (after a change of it SECRETS_KEYS_OLD too) as every other process has it.',
    );
  }
  const read = `The secrets of ${sources.length} ${sources.length === 1 ? 'source' : 'sources'} can be read.`;
  // Ingest and schedulers do not start without them, so that nothing is wrong here.
  if (unset.size === 0) return ok(read);
  return ok(`${read} Only ingest and schedulers need what is not set here: ${[...unset].join(', ')}.`);
}

/** Looks at what came of polling, which nobody sees who only looks whether everything runs. */
async function checkPolled(store: StoreConnection): Promise<Finding> {
  const { sources } = await createSourceStore(store).list();
  const ids = sources.flatMap(({ id, paused, source }) => (source.kind === 'poll' && !paused ? [id] : []));
  if (ids.length === 0) return ok('No source is polled.');
  const runs = await createPollRuns(store).listMany(ids, RECENT_RUNS, new Date());
  const states = ids.map((id) => ({ id, ...toPollState(runs.get(id) ?? []) }));
  const unwell = states.filter(({ isWell }) => !isWell);
  const polled = ids.filter((id) => (runs.get(id) ?? []).length > 0).length;
  const rest = polled === ids.length ? '' : ` ${ids.length - polled} not polled yet.`;
  if (unwell.length === 0) {
    return ok(`Nothing went wrong when they were last polled: ${polled} of ${ids.length}.${rest}`);
  }
  return warn(
    unwell.map(({ id, text }) => `${id}: ${text}`).join('\n'),
    'Mend what it names, here or at the source; sluice sources show <id> has the last runs.',
  );
}

type Stored = Parameters<typeof openSource>[0];

function toVariables(source: Stored): string[] {
  const ofPoll = source.kind === 'poll' && source.auth !== undefined ? [source.auth.secret] : [];
  const secrets = source.kind === 'push' ? source.secrets : ofPoll;
  return secrets.flatMap((secret) => ('env' in secret ? [secret.env] : []));
}

/** Only parked events are stored as pending. */
async function checkVersions({ db, operationTimeoutMs }: StoreConnection): Promise<Finding> {
  const { SUPPORTED_SCHEMA_VERSIONS: supported } = loadSettings('SUPPORTED_SCHEMA_VERSIONS');
  const parked = await within(operationTimeoutMs, () =>
    db.collection('raw_events').distinct('schemaVersion', { status: 'pending' }),
  );
  const unknown = parked.filter(
    (version: unknown) => typeof version !== 'number' || !supported.includes(version),
  );
  const versions = supported.join(', ');
  if (unknown.length === 0) return ok(`Nothing waits for a schema version other than ${versions}.`);
  return warn(
    `Events of schema version ${unknown.join(', ')} wait for a worker that takes it; those here take ${versions}.`,
    'Deploy workers that know it (docs/adding-a-schema-version.md), or widen SUPPORTED_SCHEMA_VERSIONS.',
  );
}
