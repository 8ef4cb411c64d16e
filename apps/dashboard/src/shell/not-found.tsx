import { Link } from '@tanstack/react-router';
import { PageHead } from '../ui/page.tsx';
import { Empty } from '../ui/states.tsx';

/** Says that an address leads nowhere. */
export function NotFound() {
  return (
    <>
      <PageHead title="Not found" />
      <Empty title="There is no such page" action={<Link to="/overview">Go to the overview</Link>}>
        The address may be mistyped, or from another version of the dashboard.
      </Empty>
    </>
  );
}
