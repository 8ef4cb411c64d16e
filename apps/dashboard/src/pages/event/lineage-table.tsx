import { useRef } from 'react';
import { PlainTable } from '../../ui/plain-table.tsx';
import type { FieldOrigin } from './lineage.ts';
import styles from './payload.module.css';

/** Lists the fields of a record: value, place in the payload, how it was made. Arrow keys go from field to field. */
export function LineageTable({
  origins,
  chosen,
  onChoose,
}: {
  readonly origins: readonly FieldOrigin[];
  readonly chosen: string | null;
  readonly onChoose: (name: string | null) => void;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  const first = origins[0]?.name;

  function move(event: React.KeyboardEvent, index: number): void {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = Math.min(origins.length - 1, Math.max(0, index + by));
    onChoose(origins[at]?.name ?? null);
    body.current?.querySelectorAll<HTMLElement>('button')[at]?.focus();
  }

  return (
    <div className={styles['fields']}>
      <PlainTable label="Fields and where they come from">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
            <th scope="col">From</th>
            <th scope="col">How</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {origins.map(({ name, value, from, how }, index) => {
            const isChosen = name === chosen;
            const isFocusable = isChosen || (chosen === null && name === first);
            return (
              <tr key={name} data-chosen={isChosen} onClick={() => onChoose(isChosen ? null : name)}>
                <th scope="row">
                  <button
                    type="button"
                    aria-pressed={isChosen}
                    tabIndex={isFocusable ? 0 : -1}
                    onKeyDown={(event) => move(event, index)}
                  >
                    <bdi>{name}</bdi>
                  </button>
                </th>
                <td>
                  <bdi>
                    <code>{value}</code>
                  </bdi>
                </td>
                <td>
                  {from === null ? (
                    <span className={styles['none']}>nowhere</span>
                  ) : (
                    <code>{from || '/'}</code>
                  )}
                </td>
                <td>{how}</td>
              </tr>
            );
          })}
        </tbody>
      </PlainTable>
    </div>
  );
}
