import { useId, useState } from 'react';
import { Action } from '../../ui/action.tsx';
import { Choices } from '../../ui/choices.tsx';
import { formatTime, useZone } from '../../ui/time.tsx';
import styles from './overview.module.css';
import {
  type ChosenTime,
  findFault,
  type OverviewSearch,
  parseTime,
  RANGES,
  toChosenTime,
  toTexts,
} from './search.ts';
import type { ShownTime } from './shown-time.ts';

/** Chooses the time of all charts: one up to now, or any other by its begin and end; and whether the one before is compared. */
export function TimeChoice({
  search,
  shown,
  onGo,
}: {
  readonly search: OverviewSearch;
  readonly shown: ShownTime;
  /** Goes to an address; `isStep` = the way back of the browser leads here again. */
  readonly onGo: (search: OverviewSearch, isStep: boolean) => void;
}) {
  const { from: _from, to: _to, ...rest } = search;
  const chosen = toChosenTime(search);
  const choices = RANGES.map(({ value, name }) => [value, name] as const);
  return (
    <>
      <Choices
        label="Range"
        choices={[...choices, ['custom', 'custom'] as const]}
        chosen={chosen === null ? (search.range ?? '1h') : 'custom'}
        onChoose={(value) => {
          if (value !== 'custom') onGo({ ...rest, range: value }, chosen !== null);
          else if (chosen === null) onGo({ ...search, ...toTexts(shown) }, true);
        }}
      />
      <label className={styles['compare']}>
        <input
          type="checkbox"
          checked={search.compare !== undefined}
          onChange={({ target }) => {
            const { compare: _compare, ...alone } = search;
            onGo(target.checked ? { ...search, compare: 'previous' } : alone, false);
          }}
        />
        compare previous
      </label>
      {chosen !== null && (
        <TimeForm
          // Another time means other values; the fields are the browser's own in between.
          key={`${search.from} ${search.to}`}
          time={chosen}
          onShow={(time) => onGo({ ...search, ...toTexts(time) }, true)}
          onLeave={() => onGo(rest, true)}
        />
      )}
    </>
  );
}

function TimeForm({
  time,
  onShow,
  onLeave,
}: {
  readonly time: ChosenTime;
  readonly onShow: (time: ChosenTime) => void;
  readonly onLeave: () => void;
}) {
  const zone = useZone();
  const id = useId();
  const [fault, setFault] = useState<string | null>(null);
  const write = (ms: number) => formatTime(new Date(ms), zone, true).replace('Z', '');
  const fields = [
    ['From', 'from', time.fromMs],
    ['To', 'to', time.toMs],
  ] as const;
  return (
    <form
      className={styles['time']}
      aria-label="Chosen time"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const read = (name: string) => parseTime(String(form.get(name) ?? ''), zone);
        const next = { fromMs: read('from'), toMs: read('to') };
        const found = next.fromMs > Date.now() ? 'From is still to come.' : findFault(next);
        setFault(found);
        if (found === null) onShow(next);
      }}
    >
      {fields.map(([label, name, ms]) => (
        <label key={`${name} ${zone}`}>
          <span>{label}</span>
          <input
            name={name}
            defaultValue={write(ms)}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={fault !== null}
            aria-describedby={`${id} ${id}-fault`}
          />
        </label>
      ))}
      <span id={id} className={styles['zone']}>
        {zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone}
      </span>
      <Action type="submit">Show</Action>
      <Action weight="quiet" onClick={onLeave} aria-keyshortcuts="Escape">
        Back to now
      </Action>
      <span id={`${id}-fault`} role="alert" className={styles['fault']}>
        {fault}
      </span>
    </form>
  );
}
