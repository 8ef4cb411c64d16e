import { type Page, toPage } from './page.ts';

/** Builds the page at `/`: what this is, and where everything is. `port` is the api's own. */
export function createLandingPage(port: number): Page {
  return toPage(
    'Sluice',
    'Takes webhooks and polled records in, loses none, and turns each into one clean record.',
    `<h1>Sluice</h1>
<p class="lead">Takes webhooks and polled records in, <mark>loses none</mark>, and turns each into one clean record in MongoDB.</p>

<h2>Look</h2>
<dl>
<div><dt><a href="/admin/queues">Bull Board</a></dt><dd>The queues: what waits, what runs, what died; retry and promote.</dd></div>
<div><dt><a href="/docs/">API docs</a></dt><dd>Every route, with examples to try. As a file: <a href="/openapi.json"><code>/openapi.json</code></a>.</dd></div>
<div><dt><a href="/api/events/stats">Ledger</a></dt><dd>Accepted = normalized + duplicate + dead + in flight. Whatever is missing is named.</dd></div>
<div><dt><a href="/stream">Live stream</a></dt><dd>New records the moment they are stored, as server-sent events.</dd></div>
<div><dt><a href="/sign-in">Sign in</a></dt><dd>With an API key, where keys are asked for.</dd></div>
<div><dt><a href="/docs/errors">Errors</a></dt><dd>What each error code means and what mends it.</dd></div>
</dl>

<h2>Send an event</h2>
<pre><code>curl -i localhost:${port}/api/events \\
  -H 'content-type: application/json' \\
  -d '{"source":"shop","payload":{"metric":"sales","price":"12.50"}}'</code></pre>
<p>The answer is <code>202</code> once the event is kept, and says where to read it. Send it again: it is recognised.</p>

<h2>Read</h2>
<dl>
<div><dt><a href="/api/events/normalized">Records</a></dt><dd>Normalized events, by source, type, subject and time.</dd></div>
<div><dt><a href="/api/events/raw">Raw events</a></dt><dd>What arrived, with the status of each.</dd></div>
<div><dt><a href="/vital-data">Vital data</a></dt><dd>The newest vital signs of each device.</dd></div>
</dl>`,
  );
}
