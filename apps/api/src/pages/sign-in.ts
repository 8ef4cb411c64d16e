import { createHash } from 'node:crypto';
import { type Page, toPage } from './page.ts';

/** Where a person signs in; `next` says where to go then. */
export const SIGN_IN_PATH = '/sign-in';

/**
 * Only an address of this origin is gone to: whoever made the link must not choose another place. As a whole, because
 * its path alone may begin with `//`, which names another host.
 */
const SCRIPT = `
const form = document.querySelector('form');
const said = document.querySelector('output');
const next = new URL(new URLSearchParams(location.search).get('next') ?? '/', location.origin);
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  said.textContent = 'Signing in ...';
  const body = JSON.stringify({ key: form.elements.key.value.trim() });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch('/api/session', { method: 'POST', headers, body }).catch(() => undefined);
  if (answer?.ok) location.replace(next.origin === location.origin ? next.href : '/');
  else said.textContent = (await answer?.json().catch(() => undefined))?.detail ?? 'Sluice does not answer.';
});
`;

/** Builds the page on which a person signs in with a key. */
export function createSignInPage(): Page {
  const { html, policy } = toPage(
    'Sign in to Sluice',
    'Sign in with an API key.',
    `<h1>Sign in</h1>
<p class="lead">With an API key of the role viewer or more. The first one was printed when Sluice first started; <code>npm start</code> keeps it in <code>admin.key</code> of its data folder.</p>
<form>
<p><label for="key">API key</label><br>
<input id="key" name="key" type="password" size="64" autocomplete="current-password" spellcheck="false" required autofocus></p>
<p><button>Sign in</button> <output aria-live="polite"></output></p>
</form>
<script>${SCRIPT}</script>`,
  );
  const hash = createHash('sha256').update(SCRIPT).digest('base64');
  return { html, policy: `${policy}; script-src 'sha256-${hash}'; connect-src 'self'` };
}
