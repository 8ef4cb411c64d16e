import { Link } from '@tanstack/react-router';
import { Copyable } from '../../ui/copyable.tsx';
import styles from './overview.module.css';

/** Leads whoever has just begun to a first event. */
export function FirstSteps() {
  const line = `curl -X POST ${location.origin}/api/events -H 'content-type: application/json' -d '{"source":"demo","payload":{"metric":"sales","amount":12.5}}'`;
  return (
    <section className={styles['first']} aria-label="First steps">
      <h2>No events yet</h2>
      <ol>
        <li>
          <b>Declare a source</b>, with its secret and mapping: <Link to="/sources">Sources</Link>. For a
          first look none is needed.
        </li>
        <li>
          <b>Send an event</b> from a terminal: <Copyable value={line} name="the curl line" head={72} />
        </li>
        <li>
          <b>Or send a test</b> from here, and watch it go through: <Link to="/send">Send an event</Link>.
        </li>
      </ol>
      <p>The first one shows here by itself.</p>
    </section>
  );
}
