import type { JsonValue } from '@sluice/contracts/json';

const BODY = '{"hello":"world"}';

/** How the signature of each HMAC scheme is made: what is signed, how it is written, and in which headers it goes. */
type Signing = { readonly lines: readonly string[]; readonly headers: readonly string[] };

const hmac = (what: string, hash: string, encoding: string) => {
  const digest = `printf '%s' "${what}" | openssl dgst -${hash} -hmac "$SECRET"`;
  if (encoding === 'hex') return `$(${digest} | sed 's/^.* //')`;
  // Lines of base64 end after 76 characters, and the MAC of sha512 has 88.
  const base64 = `$(${digest} -binary | base64 | tr -d '\\n'`;
  return encoding === 'base64' ? `${base64})` : `${base64} | tr '+/' '-_' | tr -d '=')`;
};

/**
 * Writes a command that sends an event to a source as its sender would, with its secret in `$SECRET`; null for a way of
 * signing that a shell cannot be told in a few lines.
 */
export function toCurlLines(origin: string, id: string, scheme: JsonValue | undefined): string | null {
  const signing = toSigning(scheme ?? 'none');
  if (signing === null) return null;
  const { lines, headers } = signing;
  const url = `${origin}/hooks/${encodeURIComponent(id)}`;
  const options = ['-H "content-type: application/json"', ...headers];
  return [
    ...(lines.length === 0 ? [] : [`BODY='${BODY}'`]),
    ...lines,
    `curl -i -X POST ${url} \\`,
    ...options.map((option) => `  ${option} \\`),
    lines.length === 0 ? `  -d '${BODY}'` : '  -d "$BODY"',
  ].join('\n');
}

function toSigning(scheme: JsonValue): Signing | null {
  const options =
    typeof scheme === 'object' && scheme !== null && !Array.isArray(scheme) ? scheme : { type: scheme };
  const text = (name: string, fallback: string) =>
    typeof options[name] === 'string' ? options[name] : fallback;
  switch (options['type']) {
    case 'none':
      return { lines: [], headers: [] };
    case 'basic':
      return { lines: [], headers: ['-u "$SECRET"'] };
    case 'api-key':
      return { lines: [], headers: [`-H "${text('header', 'x-api-key')}: $SECRET"`] };
    case 'github':
      return {
        lines: [`SIGNATURE=${hmac('$BODY', 'sha256', 'hex')}`],
        headers: [
          '-H "x-hub-signature-256: sha256=$SIGNATURE"',
          '-H "x-github-event: ping"',
          '-H "x-github-delivery: $(uuidgen)"',
        ],
      };
    case 'stripe':
      return {
        lines: ['NOW=$(date +%s)', `SIGNATURE=${hmac('$NOW.$BODY', 'sha256', 'hex')}`],
        headers: ['-H "stripe-signature: t=$NOW,v1=$SIGNATURE"'],
      };
    case 'shopify':
      return {
        lines: [`SIGNATURE=${hmac('$BODY', 'sha256', 'base64')}`],
        headers: ['-H "x-shopify-hmac-sha256: $SIGNATURE"'],
      };
    case 'slack':
      return {
        lines: ['NOW=$(date +%s)', `SIGNATURE=${hmac('v0:$NOW:$BODY', 'sha256', 'hex')}`],
        headers: ['-H "x-slack-request-timestamp: $NOW"', '-H "x-slack-signature: v0=$SIGNATURE"'],
      };
    case 'hmac': {
      const content = text('content', '{body}');
      const timeHeader = text('timestampHeader', '');
      // Other headers in what is signed are the sender's own: nobody can guess them here.
      if (content.includes('{header:')) return null;
      const what = content.replace('{body}', '$BODY').replace('{timestamp}', '$NOW');
      const signature = hmac(what, text('hash', 'sha256'), text('encoding', 'hex'));
      return {
        lines: [...(timeHeader === '' ? [] : ['NOW=$(date +%s)']), `SIGNATURE=${signature}`],
        headers: [
          ...(timeHeader === '' ? [] : [`-H "${timeHeader}: $NOW"`]),
          `-H "${text('header', 'x-signature')}: ${text('prefix', '')}$SIGNATURE"`,
        ],
      };
    }
    default:
      return null;
  }
}
