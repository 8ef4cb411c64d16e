import { isIP } from 'node:net';
import { API_KEY_PATTERN } from '@sluice/contracts/access';
import { MAX_SCHEMA_VERSION } from '@sluice/contracts/event';
import { DEFAULT_SOURCES_FILE } from '@sluice/contracts/source';
import { z } from 'zod';
import { aliased, readNotes, secret } from './config.ts';
import {
  durationMs,
  key,
  keyList,
  nameList,
  oneOf,
  onOff,
  port,
  sizeBytes,
  url,
  webhookSecret,
  webhookUrl,
  whole,
  wholeList,
} from './fields.ts';
import { isLoopback } from './loopback.ts';
import { isEncryptedOrLocal } from './mongodb-hosts.ts';
import { isJournaledAndPrimary } from './mongodb-promises.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** The address of a MongoDB that everything promised can rest on. */
function mongodbUrl() {
  return url('mongodb:', 'mongodb+srv:').refine(
    isJournaledAndPrimary,
    'expected no journal=false and no readPreference but primary in it: what is promised rests on journaled writes and on reads from the primary',
  );
}

function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits = '0', ...rest] = text.split('/');
  const family = isIP(address);
  return (
    family !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
  );
}

/** Where the stores are. */
const storeSettings = {
  REDIS_URL: secret(
    url('redis:', 'rediss:').default('redis://127.0.0.1:6379').describe('Address of Redis.'),
    'password',
  ),
  MONGODB_URI: aliased(
    secret(
      mongodbUrl()
        .default('mongodb://127.0.0.1:27017/sluice?replicaSet=rs0')
        .describe(
          'Address of MongoDB, a replica set; the path names the database. `journal=false` or a `readPreference` other than primary in it is refused.',
        ),
      'password',
    ),
    'MONGODB_LOCAL_URI',
  ),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.{}-]{1,64}$/, 'expected 1 to 64 characters of A-Z a-z 0-9 _ . - { }')
    .default('sluice')
    .describe('Prefix of every key in Redis.'),
};

/** Where the apps listen, and where they find one another. */
const addressSettings = {
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:-]{1,253}$/, 'expected an IP address or a host name')
    .default('127.0.0.1')
    .describe('Address to listen on; 0.0.0.0 for every one of this machine.'),
  INGEST_PORT: port().default(3000).describe('Port of ingest.'),
  API_PORT: port().default(3001).describe('Port of the api, the dashboard and Bull Board.'),
  LIVE_PORT: port().default(3002).describe('Port of the live streams.'),
  WORKER_PORT: port().default(3010).describe("Port of a worker's probes and metrics."),
  SCHEDULER_PORT: port().default(3011).describe("Port of a scheduler's probes and metrics."),
  REPLICATOR_PORT: port().default(3012).describe("Port of a replicator's probes and metrics."),
  INGEST_METRICS_PORT: port().default(9100).describe("Port of ingest's metrics, internal."),
  API_METRICS_PORT: port().default(9101).describe("Port of the api's metrics, internal."),
  LIVE_METRICS_PORT: port().default(9102).describe("Port of live's metrics, internal."),
  TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine(
      (parts) => parts.every(isProxy),
      'expected addresses, networks like 10.0.0.0/8, loopback, linklocal or uniquelocal',
    )
    .default([])
    .describe(
      'Proxies whose `X-Forwarded-For` and `X-Forwarded-Host` are believed, separated by commas: addresses, networks like 10.0.0.0/8, loopback, linklocal, uniquelocal.',
    ),
  INGEST_URL: url('http:', 'https:')
    .default('http://127.0.0.1:3000')
    .describe('Where the api passes requests for ingest on to.'),
  LIVE_URL: url('http:', 'https:')
    .default('http://127.0.0.1:3002')
    .describe('Where the api passes requests for live on to.'),
};

/** How every process behaves. */
const processSettings = {
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least level that is logged: trace, debug, info, warn, error, fatal or silent.'),
  SHUTDOWN_TIMEOUT_MS: durationMs(100, 10 * 60 * SECOND)
    .default(25 * SECOND)
    .describe('Longest time a process takes to end, in ms; less than what its manager grants.'),
  AUTO_MIGRATE: onOff()
    .default('on')
    .describe('Whether workers and schedulers build collections and indexes at their start: on or off.'),
};

/** What is accepted, and from whom. */
const acceptSettings = {
  AUTH: onOff()
    .default('on')
    .describe(
      'Whether API keys are asked for: on, or off while HOST is a loopback address; `npm start` and the demo turn it off there.',
    ),
  BOOTSTRAP_ADMIN_KEY: secret(
    z
      .string()
      .regex(API_KEY_PATTERN, 'expected slk_, 12 letters or digits, _ and 43 of A-Z a-z 0-9 _ -')
      .optional()
      .describe(
        'An admin key that the api stores by its hash at its start, for deployments without a person. Without it the first start makes one and prints it once.',
      ),
  ),
  BOOTSTRAP_KEY_FILE: z
    .string()
    .optional()
    .describe(
      'File that the first admin key is written into instead of being printed, for its owner alone to read. `npm start` names `admin.key` in its data folder, and prints the key itself.',
    ),
  FAILURE_SIMULATION: onOff()
    .default('off')
    .describe(
      'Whether a sender may ask for simulated failures: on or off; `npm start` and the demo turn it on while HOST is a loopback address.',
    ),
  UNKNOWN_SOURCES: oneOf(['accept', 'reject'])
    .default('accept')
    .describe('What becomes of events of undeclared sources: accept or reject.'),
  SOURCES_FILE: z
    .string()
    .default(DEFAULT_SOURCES_FILE)
    .describe('File that declares sources; only the default one may be missing.'),
  // A document of MongoDB holds 16 MiB, and the raw event its headers and its history besides the body.
  MAX_BODY_BYTES: sizeBytes(1024, 15 * 1024 ** 2)
    .default(1024 ** 2)
    .describe('Largest body of one event, in bytes; 15 MiB at most.'),
};

/** How the secrets of sources are kept. */
const secretSettings = {
  SECRETS_KEY: secret(
    key()
      .optional()
      .describe(
        'Key that encrypts the secrets of sources before they are stored: 32 bytes as base64, the same for every process. `npm start` and the demo make one in their data folder; elsewhere it is needed only where a secret is given by its value.',
      ),
  ),
  SECRETS_KEYS_OLD: secret(
    keyList()
      .default([])
      .describe('Keys that SECRETS_KEY replaced and some secrets may still need, separated by commas.'),
  ),
};

/** How events are processed, retried and parked. */
const processingSettings = {
  SUPPORTED_SCHEMA_VERSIONS: wholeList(1, MAX_SCHEMA_VERSION)
    .default([1, 2])
    .describe('Schema versions that a worker takes, separated by commas.'),
  RETRY_ATTEMPTS: whole(1, 100).default(8).describe('Attempts before an event is dead.'),
  RETRY_BACKOFF_MS: durationMs(1, HOUR)
    .default(SECOND)
    .describe(
      'Pause before the second attempt, in ms; doubled for each further one up to 5 minutes, and up to a half shorter at random.',
    ),
  PARK_MIN_MS: durationMs(10, DAY)
    .default(5 * SECOND)
    .describe('First pause of an event whose schema version no worker knows, in ms.'),
  PARK_MAX_MS: durationMs(100, 30 * DAY)
    .default(DAY)
    .describe('Longest wait for a worker that knows the schema version, in ms; then the event is dead.'),
  REPLAY_MAX_PER_SECOND: whole(1, 10_000)
    .default(1000)
    .describe('Events a second that a replay may ask for at most.'),
  WORKER_CONCURRENCY: whole(1, 1000).default(40).describe('Jobs that a worker holds at once.'),
  BULK_EVENTS: whole(1, 1000).default(200).describe('Events that one transaction writes at most.'),
  WORKER_LOCK_MS: durationMs(500, HOUR)
    .default(15 * SECOND)
    .describe('How long a job stays with a worker that gives no sign of life, in ms.'),
  WORKER_STALLED_MS: durationMs(100, HOUR)
    .default(5 * SECOND)
    .describe('How often workers look for the jobs of dead ones, in ms.'),
};

/** How everything is copied to a second MongoDB. */
const backupSettings = {
  SYNC_ENABLED: oneOf(['on', 'off', 'true', 'false'])
    .transform((word) => (word === 'true' ? 'on' : word === 'false' ? 'off' : word))
    .default('on')
    .describe(
      'Whether the replicator copies: on or off. `npm start` runs a replicator where BACKUP_MONGODB_URI is set, or with SYNC_ENABLED=on, for which it starts a second MongoDB.',
    ),
  BACKUP_MONGODB_URI: aliased(
    secret(
      mongodbUrl()
        .refine(
          isEncryptedOrLocal,
          'expected tls=true in it, or mongodb+srv://: without TLS only addresses of this machine are allowed',
        )
        .optional()
        .describe(
          'Address of the backup, another MongoDB replica set; the path names the database. With TLS, except on this machine; refused like MONGODB_URI.',
        ),
      'password',
    ),
    'MONGODB_ATLAS_URI',
  ),
  SYNC_BATCH_SIZE: whole(1, 10_000)
    .default(1000)
    .describe('Changes that one transaction copies at most, but for those that one transaction made.'),
  SYNC_OPLOG: oneOf(['on', 'off'])
    .default('on')
    .describe(
      'Where changes are read: on = from the oplog of the primary, where its user may read the database `local`, else from a change stream; off = always from a change stream, which costs the primary more.',
    ),
  SYNC_MAX_RETRIES: whole(0, 20)
    .default(5)
    .describe(
      'How often a document is tried again that the backup refused: after 1, 5, 15, 30 and 60 s, then every 60 s; afterwards it is dead until it changes, a full sync copies it, or somebody retries it in Bull Board.',
    ),
  SYNC_EXCLUDED_COLLECTIONS: nameList(/^[^$\0]{1,200}$/, 'expected names of collections, separated by commas')
    .default([])
    .describe('Collections that are not copied, separated by commas.'),
  SYNC_WORKER_INTERVAL: durationMs(10, 60 * SECOND)
    .default(250)
    .describe(
      'How long changes are gathered before they are copied, in ms: longer means fewer, larger transactions and more lag.',
    ),
};

/** Who is told when something needs a person. */
const alertSettings = {
  ALERT_WEBHOOK_URL: secret(
    webhookUrl()
      .optional()
      .describe(
        'Where schedulers send alerts, signed as Standard Webhooks; it may be a private address. Without it alerts are only shown (`GET /api/alerts`, metrics). It is never logged, for it may hold a token.',
      ),
  ),
  ALERT_WEBHOOK_SECRET: secret(
    webhookSecret()
      .optional()
      .describe(
        'Secret that alerts are signed with, required where ALERT_WEBHOOK_URL is set: `whsec_` and 24 to 64 bytes as base64.',
      ),
  ),
  ALERT_INTERVAL_MS: durationMs(100, HOUR)
    .default(15 * SECOND)
    .describe('How often schedulers look whether something needs a person, in ms.'),
  ALERT_LAG_MS: durationMs(SECOND, DAY)
    .default(60 * SECOND)
    .describe('How long the oldest waiting event may wait before that is an alert, in ms.'),
  ALERT_REPEAT_MS: durationMs(SECOND, 30 * DAY)
    .default(HOUR)
    .describe('How often an alert is sent again while it lasts, in ms.'),
  PUBLIC_URL: url('http:', 'https:')
    .optional()
    .describe('Address under which people reach the dashboard, for the links in alerts.'),
};

/** What `npm start` runs on one machine. */
const localSettings = {
  DATA_DIR: z.string().default('.sluice').describe('Folder of the data of Redis and MongoDB.'),
  WORKERS: whole(0, 64).default(2).describe('Workers that are started.'),
  SCHEDULERS: whole(0, 16).default(1).describe('Schedulers that are started.'),
  APPENDFSYNC: oneOf(['always', 'everysec'])
    .default('always')
    .describe('How soon Redis puts writes on disk: always, or everysec (a power cut may take a second).'),
  REDIS_SERVER_BINARY: z.string().optional().describe('Program to start as Redis or Valkey.'),
  MONGOD_BINARY: z.string().optional().describe('Program to start as mongod.'),
};

/** Every setting by group, in the order of the documentation. */
export const SETTING_GROUPS = {
  stores: storeSettings,
  addresses: addressSettings,
  processes: processSettings,
  accepting: acceptSettings,
  secrets: secretSettings,
  processing: processingSettings,
  backup: backupSettings,
  alerts: alertSettings,
  local: localSettings,
};

/** Every setting; an app's schema takes what it needs: `z.object({ HOST: settings.HOST, ... })`. */
export const settings = {
  ...storeSettings,
  ...addressSettings,
  ...processSettings,
  ...acceptSettings,
  ...secretSettings,
  ...processingSettings,
  ...backupSettings,
  ...alertSettings,
  ...localSettings,
};

/** The names of all settings, aliases included. */
export const KNOWN_SETTINGS: readonly string[] = Object.entries(settings).flatMap(([name, field]) => [
  name,
  ...(readNotes(field).aliases ?? []),
]);

type AuthSettings = { readonly AUTH: typeof settings.AUTH; readonly HOST: typeof settings.HOST };

/** Adds the rule that AUTH=off is refused unless HOST is a loopback address. */
export function withAuthRule<Schema extends z.ZodObject<AuthSettings>>(schema: Schema): Schema {
  return schema.refine(({ AUTH, HOST }) => AUTH !== 'off' || typeof HOST !== 'string' || isLoopback(HOST), {
    path: ['AUTH'],
    error: 'it may be off only while HOST is a loopback address like 127.0.0.1',
    // Also when another setting is wrong, so that every problem is told at once.
    when: () => true,
  });
}

type AlertSettings = {
  readonly ALERT_WEBHOOK_URL: typeof settings.ALERT_WEBHOOK_URL;
  readonly ALERT_WEBHOOK_SECRET: typeof settings.ALERT_WEBHOOK_SECRET;
};

/** Adds the rule that alerts are sent only signed: a URL takes a secret. */
export function withAlertRule<Schema extends z.ZodObject<AlertSettings>>(schema: Schema): Schema {
  return schema.refine(
    ({ ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET }) =>
      ALERT_WEBHOOK_URL === undefined || ALERT_WEBHOOK_SECRET !== undefined,
    {
      path: ['ALERT_WEBHOOK_SECRET'],
      error:
        'it is required where ALERT_WEBHOOK_URL is set, because alerts are always signed; make one by `echo "whsec_$(openssl rand -base64 32)"` and give it to the receiver too',
      // Also when another setting is wrong, so that every problem is told at once.
      when: () => true,
    },
  );
}
