import { Link } from '@tanstack/react-router';
import { Empty } from '../ui/states.tsx';

/** Says that an address leads nowhere. */
export function NotFound() {
  return (
    <Empty title="There is no such page" action={<Link to="/overview">Go to the overview</Link>}>
      The address may be mistyped, or from another version of the dashboard.
    </Empty>
  );
}
