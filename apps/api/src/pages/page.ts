import { createHash } from 'node:crypto';

/** A page that is the same for everybody: its HTML, and the policy that allows its style and nothing else. */
export type Page = { readonly html: string; readonly policy: string };

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%2316191D'/%3E%3Cpath d='M3 4h10M3 8h6M3 12h8' stroke='%23FFE45C' stroke-width='2'/%3E%3C/svg%3E";

const STYLE = `
:root {
  color-scheme: light dark;
  --page: #F5F4EF; --text: #16191D; --muted: #565A61; --hairline: #D8D5CB; --marker: #FFE45C; --on-marker: #16191D; --focus: #0B57D0;
  --sans: "IBM Plex Sans", ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Helvetica Neue", sans-serif;
  --mono: "IBM Plex Mono", ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root { --page: #0E1113; --text: #ECEEEF; --muted: #9AA2A9; --hairline: #2A3035; --marker: #4A4200; --on-marker: #ECEEEF; --focus: #8AB4FF; }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: clamp(24px, 7vw, 96px) clamp(16px, 6vw, 72px);
  background: var(--page); color: var(--text); font: 16px/1.6 var(--sans); text-wrap: pretty;
  font-variant-numeric: tabular-nums slashed-zero;
}
main { max-width: 72ch; }
h1 { margin: 0 0 24px; font-size: clamp(40px, 8vw, 72px); line-height: 1; letter-spacing: -0.035em; font-weight: 600; }
h2 { margin: 56px 0 8px; font-size: 13px; line-height: 20px; font-weight: 600; color: var(--muted); }
p { margin: 0 0 16px; }
.lead { font-size: clamp(19px, 2.6vw, 24px); line-height: 1.4; letter-spacing: -0.01em; max-width: 34em; }
mark { background: var(--marker); color: var(--on-marker); padding: 0 .15em; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
a { color: inherit; text-decoration-thickness: 1px; text-underline-offset: 3px; text-decoration-color: var(--muted); }
a:hover { text-decoration-thickness: 2px; text-decoration-color: currentColor; }
a:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 2px; }
input { max-width: 100%; }
code, pre { font-family: var(--mono); font-size: .875em; }
pre { margin: 0 0 16px; padding: 16px 0 16px 16px; border-left: 3px solid var(--marker); overflow-x: auto; line-height: 1.55; }
dl { margin: 0; border-top: 1px solid var(--hairline); }
dl > div { display: grid; grid-template-columns: minmax(11ch, 14ch) 1fr; gap: 4px 24px; padding: 12px 0; border-bottom: 1px solid var(--hairline); }
dt { font-weight: 600; }
dd { margin: 0; color: var(--muted); }
.codes > div { grid-template-columns: 1fr; gap: 2px; scroll-margin-top: 16px; }
.codes dt { font: 600 14px/1.6 var(--mono); }
.codes :target { background: var(--marker); color: var(--on-marker); }
.codes :target dd { color: inherit; }
@media (max-width: 520px) { dl > div { grid-template-columns: 1fr; } pre { white-space: pre-wrap; overflow-wrap: anywhere; } }
`;

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Builds a page around the HTML of its main part. */
export function toPage(title: string, description: string, main: string): Page {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<meta name="description" content="${escapeHtml(description)}">
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
  return { html, policy: POLICY };
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Makes text safe between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}

/** Makes a sentence HTML; what stands in backticks becomes code. */
export function toHtml(sentence: string): string {
  return escapeHtml(sentence).replace(/`([^`]+)`/g, '<code>$1</code>');
}
