import { useId } from 'react';
import styles from './field.module.css';

type TextFieldProps = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly maxLength?: number;
  readonly inputMode?: 'numeric' | 'decimal';
  readonly placeholder?: string;
  readonly isInvalid?: boolean;
  /** What is wrong with it, in words; stands below it. */
  readonly problem?: string | undefined;
  /** Has the focus when its dialog opens. */
  readonly isFirst?: boolean;
};

/** Asks for one line of text. */
export function TextField({ label, onChange, isInvalid, problem, isFirst, ...input }: TextFieldProps) {
  const id = useId();
  return (
    <div>
      <label className={styles['field']}>
        <span>{label}</span>
        <input
          {...input}
          className={styles['control']}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={isInvalid === true || problem !== undefined}
          aria-describedby={problem === undefined ? undefined : id}
          data-autofocus={isFirst === true ? '' : undefined}
          onChange={({ target }) => onChange(target.value)}
        />
      </label>
      {problem !== undefined && (
        <em id={id} className={styles['wrong']}>
          {problem}
        </em>
      )}
    </div>
  );
}

/** Asks for one of a few values, each with its words. */
export function SelectField<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly (readonly [value: Value, words: string])[];
  readonly onChange: (value: Value) => void;
}) {
  return (
    <label className={styles['field']}>
      <span>{label}</span>
      <select
        className={styles['control']}
        value={value}
        onChange={({ target }) => {
          const chosen = choices.find(([one]) => one === target.value);
          if (chosen !== undefined) onChange(chosen[0]);
        }}
      >
        {choices.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Asks for one of a few values, all of which are read before one is chosen. */
export function ChoiceField<Value extends string>({
  label,
  name,
  value,
  choices,
  onChange,
}: {
  readonly label: string;
  /** Unique on the page. */
  readonly name: string;
  readonly value: Value;
  readonly choices: readonly (readonly [value: Value, words: React.ReactNode])[];
  readonly onChange: (value: Value) => void;
}) {
  return (
    <fieldset className={styles['choices']}>
      <legend className={styles['legend']}>{label}</legend>
      {choices.map(([one, words]) => (
        <label key={one} className={styles['choice']}>
          <input type="radio" name={name} checked={one === value} onChange={() => onChange(one)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Fields below one another, at one distance. */
export function Fields({ children }: { readonly children: React.ReactNode }) {
  return <div className={styles['fields']}>{children}</div>;
}

/** Says why what was asked for could not be done. */
export function Problem({ error }: { readonly error: Error | null }) {
  if (error === null) return null;
  return (
    <p role="alert" className={styles['problem']}>
      {error.message}
    </p>
  );
}
