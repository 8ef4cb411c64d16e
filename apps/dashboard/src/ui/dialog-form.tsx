import { useState } from 'react';
import { Action, type Weight } from './action.tsx';
import styles from './dialog.module.css';
import { Fields, Problem, TextField } from './field.tsx';

type DialogFormProps = {
  /** What is asked, below one another. */
  readonly children?: React.ReactNode;
  /** What it does, in words: verb, object, number. */
  readonly act: string;
  readonly weight?: Weight;
  /** Why that cannot be done yet. */
  readonly lack?: string | undefined;
  readonly busy: boolean;
  /** Why it could not be done. */
  readonly error: Error | null;
  /** What closes the dialog without doing it, in words. */
  readonly leave?: string;
  readonly onClose: () => void;
};

/** What a dialog asks, what went wrong, and at its foot the two ways out: to do it, or to leave it. */
export function DialogForm({
  children,
  act,
  weight = 'primary',
  lack,
  busy,
  error,
  leave = 'Close',
  onSubmit,
  onClose,
}: DialogFormProps & { readonly onSubmit: () => void }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Fields>
        {children}
        <Problem error={error} />
      </Fields>
      <div className={styles['foot']}>
        <Action type="submit" weight={weight} busy={busy} reason={lack}>
          {act}
        </Action>
        <Action weight="quiet" onClick={onClose}>
          {leave}
        </Action>
      </div>
    </form>
  );
}

/** A form in a dialog that also asks why, because the audit log keeps it; without a reason nothing can be done. */
export function ReasonForm({
  children,
  lack,
  maxLength = 500,
  isReasonFirst = true,
  onSubmit,
  ...form
}: DialogFormProps & {
  readonly maxLength?: number;
  /** Whether the reason has the focus when the dialog opens. */
  readonly isReasonFirst?: boolean;
  readonly onSubmit: (reason: string) => void;
}) {
  const [text, setText] = useState('');
  const reason = text.trim();
  return (
    <DialogForm
      {...form}
      lack={lack ?? (reason === '' ? 'say why first' : undefined)}
      onSubmit={() => onSubmit(reason)}
    >
      {children}
      <TextField
        label="Why, for the audit log"
        value={text}
        maxLength={maxLength}
        isFirst={isReasonFirst}
        onChange={setText}
      />
    </DialogForm>
  );
}
