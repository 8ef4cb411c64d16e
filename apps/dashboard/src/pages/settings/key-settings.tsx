import { useState } from 'react';
import { isKey, KEYS, type KeyName, mapKey, useKeyMap } from '../../shell/key-map.ts';
import { useSetting } from '../../shell/preferences.ts';
import { Action } from '../../ui/action.tsx';
import { ChoiceField } from '../../ui/field.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import styles from './settings.module.css';

/** Switches the single keys off, or puts others in their places. */
export function KeySettings() {
  const [isOn, setOn] = useSetting('keys');
  const [map, keepMap] = useKeyMap();
  const [problem, setProblem] = useState('');

  function change(key: KeyName, own: string): void {
    if (own === '') return;
    if (!isKey(own)) {
      setProblem('A key is one character.');
      return;
    }
    const next = mapKey(map, key, own);
    setProblem(next === null ? `The key ${own} does something else already.` : '');
    if (next !== null) keepMap(next);
  }

  return (
    <>
      <ChoiceField
        label="Single keys"
        name="keys"
        value={isOn}
        choices={[
          ['on', 'on, but not while typing'],
          ['off', 'off; Ctrl K and Escape stay'],
        ]}
        onChange={setOn}
      />
      {isOn === 'on' && (
        <div className={styles['keys']}>
          <PlainTable label="Keys of your own">
            <thead>
              <tr>
                <th scope="col">What it does</th>
                <th scope="col">Key</th>
              </tr>
            </thead>
            <tbody>
              {KEYS.map(({ key, name }) => (
                <tr key={key}>
                  <th scope="row">{name}</th>
                  <td>
                    <input
                      className={styles['own']}
                      aria-label={`Key for: ${name}`}
                      value={map[key] ?? key}
                      onFocus={({ target }) => target.select()}
                      onChange={({ target }) => change(key, target.value.slice(-1))}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </PlainTable>
          <p className={styles['problem']} role="alert">
            {problem}
          </p>
          <Action
            reason={Object.keys(map).length === 0 ? 'nothing was changed' : undefined}
            onClick={() => {
              setProblem('');
              keepMap(null);
            }}
          >
            Keys as they were
          </Action>
        </div>
      )}
    </>
  );
}
