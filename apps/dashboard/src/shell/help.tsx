import { useMemo } from 'react';
import { Dialog } from '../ui/dialog.tsx';
import { PlainTable } from '../ui/plain-table.tsx';
import styles from './help.module.css';
import { KEYS, useKeyMap } from './key-map.ts';
import { isKeyUsable } from './keys.ts';
import { PAGES } from './navigation.ts';

/** Lists the keys, and says which of them do something on the page below. */
export function Help({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" opened={opened} onClose={onClose}>
      <Keys />
    </Dialog>
  );
}

function Keys() {
  const [map] = useKeyMap();
  const usable = useMemo(() => new Set(KEYS.filter(({ key }) => isKeyUsable(key))), []);
  return (
    <>
      <PlainTable label="Keys">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">What it does</th>
            <th scope="col">Here</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">
              <kbd className={styles['key']}>Ctrl K</kbd> <kbd className={styles['key']}>⌘ K</kbd>
            </th>
            <td>Find a page, an action, or anything by its id</td>
            <td>yes</td>
          </tr>
          {KEYS.map((one) => (
            <tr key={one.key}>
              <th scope="row">
                <kbd className={styles['key']}>{map[one.key] ?? one.key}</kbd>
              </th>
              <td>{one.name}</td>
              <td>{usable.has(one) ? 'yes' : ''}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">
              <kbd className={styles['key']}>Enter</kbd>
            </th>
            <td>Open the row</td>
            <td />
          </tr>
          <tr>
            <th scope="row">
              <kbd className={styles['key']}>Esc</kbd>
            </th>
            <td>Leave the field, or go up one level</td>
            <td />
          </tr>
        </tbody>
      </PlainTable>
      <p className={styles['pages']}>
        After <kbd className={styles['key']}>{map.g ?? 'g'}</kbd>:{' '}
        {PAGES.map(({ key, name }) => (
          <span key={key}>
            <kbd className={styles['key']}>{key}</kbd> {name}
          </span>
        ))}
      </p>
    </>
  );
}
