import { Empty } from '../../ui/states.tsx';

/** Says how a backup is switched on. */
export function SyncOff() {
  return (
    <Empty title="There is no backup">
      <p>
        Sluice can keep a second MongoDB that always catches up. Set <code>BACKUP_MONGODB_URI</code> to its
        address, like <code>mongodb+srv://user:password@host/sluice</code>, and start again: the replicator
        then copies all there is, and every change from then on. To try it on this machine, start with{' '}
        <code>SYNC_ENABLED=on npm start</code>.
      </p>
      <p>
        Each step, also that of going over to the backup, is in <code>docs/runbook-backup.md</code>.
      </p>
    </Empty>
  );
}
