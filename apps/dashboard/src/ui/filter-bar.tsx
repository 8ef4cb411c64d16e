import { useKeyProps } from '../shell/key-map.ts';
import { Action } from './action.tsx';
import styles from './filter-bar.module.css';

/** A field by which a list is narrowed: its name in the address, its label, and an example. */
export type FilterField<Name extends string> = {
  readonly name: Name;
  readonly label: string;
  readonly example?: string;
};

/** Asks for the filter of a list; submitting it makes it the address, which is the scope of whatever is done there. */
export function FilterBar<Name extends string>({
  fields,
  values,
  onFilter,
}: {
  readonly fields: readonly FilterField<Name>[];
  readonly values: Readonly<Partial<Record<Name, string>>>;
  readonly onFilter: (values: Partial<Record<Name, string>>) => void;
}) {
  const keyProps = useKeyProps('/');
  return (
    <form
      // Another address means other values; the fields are the browser's own in between.
      key={JSON.stringify(fields.map(({ name }) => values[name] ?? ''))}
      className={styles['bar']}
      onSubmit={(submit) => {
        submit.preventDefault();
        onFilter(readValues(fields, new FormData(submit.currentTarget)));
      }}
    >
      {fields.map(({ name, label, example }, index) => (
        <label key={name}>
          <span>{label}</span>
          <input
            name={name}
            defaultValue={values[name] ?? ''}
            placeholder={example}
            spellCheck={false}
            {...(index === 0 ? keyProps : {})}
          />
        </label>
      ))}
      <Action type="submit">Filter</Action>
    </form>
  );
}

function readValues<Name extends string>(
  fields: readonly FilterField<Name>[],
  form: FormData,
): Partial<Record<Name, string>> {
  const values: Partial<Record<Name, string>> = {};
  for (const { name } of fields) {
    const value = form.get(name);
    if (typeof value === 'string' && value.trim() !== '') values[name] = value.trim();
  }
  return values;
}
