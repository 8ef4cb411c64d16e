import type { CreatedApiKey } from '@sluice/contracts/access';
import { ROLES, type Role } from '@sluice/contracts/roles';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { Copyable } from '../../ui/copyable.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { ChoiceField, TextField } from '../../ui/field.tsx';
import styles from './keys.module.css';

/** Asks what a key shall be, makes it, and shows it this once. */
export function NewKey({
  may,
  onClose,
}: {
  readonly may: Readonly<Record<Role, string>>;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('90');
  const make = useMutation({
    mutationFn: () =>
      send<CreatedApiKey>('POST', '/api/keys', {
        name: name.trim(),
        role,
        ...(days === '' ? {} : { expiresAt: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['keys'] }),
  });
  if (make.data !== undefined) {
    return (
      <div className={styles['made']}>
        <p>
          This is the key of <b>{make.data.name}</b>. It is shown this once: only its hash is kept.
        </p>
        <Copyable value={make.data.key} name="the key" head={80} />
        <Action weight="primary" onClick={onClose}>
          It is copied
        </Action>
      </div>
    );
  }
  const isDays = days === '' || /^[1-9]\d{0,3}$/.test(days);
  return (
    <DialogForm
      act="Make the key"
      lack={name.trim() === '' ? 'name it first' : isDays ? undefined : 'days are a whole number'}
      busy={make.isPending}
      error={make.error}
      onSubmit={make.mutate}
      onClose={onClose}
    >
      <TextField label="Whose it is, or what for" value={name} maxLength={64} isFirst onChange={setName} />
      <ChoiceField
        label="Role"
        name="role"
        value={role}
        choices={ROLES.map((one) => [
          one,
          <>
            <b>{one}</b> {may[one]}
          </>,
        ])}
        onChange={setRole}
      />
      <TextField
        label="Days until it ends; empty for a key without end"
        inputMode="numeric"
        value={days}
        isInvalid={!isDays}
        onChange={(text) => setDays(text.trim())}
      />
    </DialogForm>
  );
}
