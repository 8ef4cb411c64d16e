import { ERRORS, type Problem } from '@sluice/contracts/errors';
import { escapeHtml, type Page, toHtml, toPage } from './page.ts';

/** Builds the page that a person sees instead of one that cannot be shown. */
export function createRefusedPage({ status, title, detail, code, instance }: Problem): Page {
  const more = detail === title ? '' : `<p>${toHtml(detail)}</p>`;
  return toPage(
    title,
    'Why this page cannot be shown.',
    `<h1>${status}</h1>
<p class="lead">${toHtml(title)}</p>
${more}
<p>${toHtml(ERRORS[code].mend)}</p>
<p><a href="/">Sluice</a> · <a href="/docs/errors#${code}">${code}</a> · <code>${escapeHtml(instance)}</code></p>`,
  );
}
