import type { JsonValue } from '@sluice/contracts/json';
import { useNow } from '../../ui/clock.ts';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './source.module.css';

/** A secret that ends within this time is pointed out, in ms. */
const SOON_MS = 14 * 86_400_000;

type Declared = Readonly<Record<string, JsonValue>>;

/** Says how the requests of a source are known to be its own. */
export function describeVerification(scheme: JsonValue | undefined): string {
  const options = isObject(scheme) ? scheme : { type: scheme ?? 'none' };
  const type = String(options['type']);
  if (type === 'none') return 'nothing is checked: anybody may send';
  if (type === 'hmac') {
    return `HMAC ${String(options['hash'] ?? 'sha256')} of ${String(options['content'] ?? '{body}')} in ${String(options['header'])}`;
  }
  if (type === 'api-key') return `a key in ${String(options['header'] ?? 'x-api-key')}`;
  if (type === 'basic') return 'user and password (Basic)';
  return `signed as ${type} signs`;
}

/** Lists the secrets of a source: which are there and when they end; never what they are. */
export function Secrets({ source }: { readonly source: Declared }) {
  const now = useNow();
  const auth = isObject(source['auth']) ? source['auth'] : undefined;
  const listed = auth === undefined ? source['secrets'] : [auth['secret'] ?? null];
  const secrets = Array.isArray(listed) ? listed.filter(isObject) : [];
  if (secrets.length === 0) return <>none</>;
  return (
    <ul className={styles['secrets']}>
      {secrets.map((secret, index) => {
        const expiresAt = typeof secret['expiresAt'] === 'string' ? secret['expiresAt'] : null;
        const name = typeof secret['env'] === 'string' ? `in ${secret['env']}` : 'set';
        return (
          // Secrets have no names: their places tell them apart.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={index}>
            {index + 1}: {name}
            {expiresAt === null ? ', without end' : <Expiry at={expiresAt} now={now} />}
          </li>
        );
      })}
    </ul>
  );
}

function Expiry({ at, now }: { readonly at: string; readonly now: number }) {
  const leftMs = Date.parse(at) - now;
  if (leftMs <= 0) {
    return (
      <span className={styles['error']}>
        , ended <Time at={at} withDate />
      </span>
    );
  }
  return (
    <span className={leftMs < SOON_MS ? styles['soon'] : undefined}>
      , ends <Time at={at} withDate />, in {formatDuration(leftMs)}
    </span>
  );
}

function isObject(value: JsonValue | undefined): value is Declared {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
