import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { type AlertMessage, alertMessageSchema } from '@sluice/contracts/alerts';
import { listenForTest } from '@sluice/local/test-listen';
import { Webhook } from 'standardwebhooks';

/** A notice as it arrived; it was signed as the library wants it. */
export type Delivery = {
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly message: AlertMessage;
};

/** A receiver of alerts that checks each signature by the library, as docs/alerts.md shows it. */
export type AlertReceiver = {
  readonly url: string;
  /** All that arrived, whatever was answered. */
  readonly deliveries: readonly Delivery[];
  /** Paths that were asked for. */
  readonly paths: readonly string[];
  /** Answers from now on with this status, and this `Location`. */
  answer(status: number, location?: string): void;
};

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A part of the address that must not be told to anybody. */
export const TOKEN = 't0ken-in-the-path';

/** Starts a receiver that takes everything until it is told otherwise; it ends with the test. */
export async function startAlertReceiver(): Promise<AlertReceiver> {
  const webhook = new Webhook(SECRET);
  const deliveries: Delivery[] = [];
  const paths: string[] = [];
  let answer: { readonly status: number; readonly location?: string | undefined } = { status: 204 };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const headers = toHeaders(request.headers);
    paths.push(request.url ?? '');
    try {
      const message = alertMessageSchema.parse(webhook.verify(body, headers));
      deliveries.push({ id: headers['webhook-id'] ?? '', headers, body, message });
      const { status, location } = answer;
      response.writeHead(status, location === undefined ? {} : { location }).end();
    } catch {
      response.writeHead(401).end();
    }
  });
  const url = await listenForTest(server);
  return {
    ...{ deliveries, paths, url: `${url}/${TOKEN}?key=${TOKEN}` },
    answer(status, location) {
      answer = { status, location };
    },
  };
}

function toHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
