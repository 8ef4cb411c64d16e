import { Link } from '@tanstack/react-router';
import { formatCount } from '../../ui/numbers.ts';
import { PlainTable } from '../../ui/plain-table.tsx';

type Counted = {
  readonly name: string;
  readonly missing: number;
  readonly extra: number;
  readonly unequal: number;
  readonly compared: number;
};

/** Says how many documents differ in each collection; nothing where none does. */
export function DifferenceSummary({
  collections,
  label,
  isListed,
}: {
  readonly collections: readonly Counted[];
  readonly label: string;
  /** They are of the run whose differences are listed: the names lead there. */
  readonly isListed: boolean;
}) {
  const differing = collections.filter(({ missing, extra, unequal }) => missing + extra + unequal > 0);
  if (differing.length === 0) return null;
  return (
    <PlainTable label={label}>
      <thead>
        <tr>
          <th scope="col">Collection</th>
          <th scope="col" data-align="right">
            Missing
          </th>
          <th scope="col" data-align="right">
            Extra
          </th>
          <th scope="col" data-align="right">
            Unequal
          </th>
          <th scope="col" data-align="right" data-from="600">
            Compared
          </th>
        </tr>
      </thead>
      <tbody>
        {differing.map(({ name, missing, extra, unequal, compared }) => (
          <tr key={name}>
            <th scope="row">
              {isListed ? (
                <Link to="/replication/differences" search={{ collection: name }}>
                  <code>{name}</code>
                </Link>
              ) : (
                <code>{name}</code>
              )}
            </th>
            <td data-align="right">{formatCount(missing)}</td>
            <td data-align="right">{formatCount(extra)}</td>
            <td data-align="right">{formatCount(unequal)}</td>
            <td data-align="right" data-from="600">
              {formatCount(compared)}
            </td>
          </tr>
        ))}
      </tbody>
    </PlainTable>
  );
}
