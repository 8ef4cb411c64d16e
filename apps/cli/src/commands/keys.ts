import {
  type ApiKey,
  apiKeyListSchema,
  apiKeySchema,
  createdApiKeySchema,
  ROLES,
} from '@sluice/contracts/access';
import { type Command, Option } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { readPages } from '../pages.ts';
import type { Paint } from '../paint.ts';
import { sourceId } from '../read-options.ts';
import type { Act } from '../session.ts';
import { renderPairs, renderTable, toCell } from '../table.ts';

type CreateOptions = {
  readonly role: string;
  readonly source?: readonly string[];
  readonly expires?: string;
};

const HELP = `
The key is printed this once, alone on standard output; it is stored only as a
hash.

Examples:
  sluice keys create till-7 --role sender --source shop
  sluice keys create grafana --role viewer --expires 2027-01-01T00:00:00Z > key.txt
`;

/** Adds `sluice keys`. */
export function addKeyCommands(program: Command, act: Act): void {
  const keys = program.command('keys').description('Manage API keys.');

  keys
    .command('create')
    .description('Make a key and print it, once.')
    .argument('<name>', 'Whose it is, or what for; the audit log shows it.')
    .addOption(new Option('-r, --role <role>', 'What it may do.').choices(ROLES).makeOptionMandatory(true))
    .option(
      '-s, --source <id>',
      'Only for a sender: the source it may send for; may be repeated.',
      (id: string, before: readonly string[] = []) => [...before, sourceId(id)],
    )
    .option('--expires <time>', 'When it stops working, like 2027-01-01T00:00:00Z (default: never).')
    .addHelpText('after', HELP)
    .action(
      act(async ({ connect, output }, { role, source, expires }: CreateOptions, name: string) => {
        const api = await connect();
        const body = JSON.stringify({ name, role, sources: source, expiresAt: expires });
        const headers = { 'content-type': 'application/json' };
        const request = { method: 'POST', path: '/api/keys', headers, body } as const;
        const { value } = await api.ask(request, createdApiKeySchema);
        if (!output.isJson) {
          output.note(`${renderKey(value, output.paint)}\nThe key, shown this once:`);
        }
        output.answer(value, () => value.key);
        return EXIT.ok;
      }),
    );

  keys
    .command('list')
    .description('List the keys, the newest first, revoked ones too.')
    .action(
      act(async ({ connect, output }) => {
        const api = await connect();
        const items: ApiKey[] = [];
        const list = { path: '/api/keys', query: {}, schema: apiKeyListSchema, pageSize: () => 500 };
        for await (const page of readPages(api, list)) items.push(...page.items);
        output.answer({ items, nextCursor: null }, () => renderKeys(items, output.paint));
        return EXIT.ok;
      }),
    );

  keys
    .command('revoke')
    .description('Revoke a key: it stops working within seconds, for ever.')
    .argument('<id>', 'The public part of the key, as the list shows it.')
    .action(
      act(async ({ connect, output }, _options: Record<never, never>, id: string) => {
        const api = await connect();
        const path = `/api/keys/${encodeURIComponent(id)}`;
        const { value } = await api.ask({ method: 'DELETE', path }, apiKeySchema);
        output.answer(value, () => `revoked ${value.id} (${toCell(value.name)})`);
        return EXIT.ok;
      }),
    );
}

function renderKey({ id, name, role, sources, expiresAt }: ApiKey, paint: Paint): string {
  const pairs: [string, string][] = [
    ['id', id],
    ['name', toCell(name)],
    ['role', role],
    ['sources', sources === null ? 'all' : sources.join(', ')],
    ['expires', expiresAt ?? 'never'],
  ];
  return renderPairs(pairs, paint);
}

function renderKeys(keys: readonly ApiKey[], paint: Paint): string {
  if (keys.length === 0) return 'There are none.';
  const columns = ['id', 'name', 'role', 'sources', 'created', 'last used', 'state'].map((title) => ({
    title,
  }));
  const rows = keys.map((key) => [
    key.id,
    toCell(key.name, 32),
    key.role,
    toCell(key.sources?.join(', ') ?? 'all', 40),
    key.createdAt,
    key.lastUsedAt ?? 'never',
    toState(key, paint),
  ]);
  return renderTable(columns, rows, paint);
}

function toState({ revokedAt, expiresAt }: ApiKey, paint: Paint): string {
  if (revokedAt !== null) return paint('red', `revoked ${revokedAt}`);
  return expiresAt === null ? 'in force' : `until ${expiresAt}`;
}
