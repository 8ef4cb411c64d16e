import { ERRORS } from '@sluice/contracts/errors';
import { type Page, toHtml, toPage } from './page.ts';

/** Builds the page that the `type` of every problem leads to. */
export function createErrorsPage(): Page {
  const entries = Object.entries(ERRORS).map(([code, { title, status, retry, mend }]) => {
    const answered = status === undefined ? 'Stands on events only.' : `HTTP ${status}.`;
    const again = retry ? ' Trying again can help.' : '';
    return `<div id="${code}"><dt>${code}</dt><dd>${toHtml(title)} ${toHtml(mend)} ${answered}${again}</dd></div>`;
  });
  return toPage(
    'Errors of Sluice',
    'What each error code means and what mends it.',
    `<h1>Errors</h1>
<p class="lead">Every error answer carries one of these codes; so does every event that failed.</p>
<p><a href="/">Sluice</a> · <a href="/docs/">API docs</a></p>
<h2>${entries.length} codes</h2>
<dl class="codes">
${entries.join('\n')}
</dl>`,
  );
}
