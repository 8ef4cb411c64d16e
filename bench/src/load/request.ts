/** A body to send again and again, the same but for its number, and how it is to be answered. */
export type RequestSpec = {
  readonly path: string;
  /**
   * JSON in which ⓪ stands for the last decimal digit of the request's number, ① for the one before it, up to ⑧: so
   * all bodies differ and have the same length.
   */
  readonly body: string;
  /** The status that counts as accepted. */
  readonly status: number;
};

/** A whole request in memory that is changed in place, because building one costs more than sending it. */
export type PreparedRequest = {
  readonly bytes: Buffer;
  /** Writes a number, of up to nine digits, into the body. */
  readonly fill: (n: number) => void;
};

const MARKS = '⓪①②③④⑤⑥⑦⑧';
const MARK = new RegExp(`[${MARKS}]`, 'g');
const ZERO = 48;

/** Prepares a request over HTTP/1.1. */
export function prepareRequest({ path, body }: Pick<RequestSpec, 'path' | 'body'>): PreparedRequest {
  const plain = body.replace(MARK, '0');
  const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(plain)}\r\n\r\n`;
  const bytes = Buffer.from(head + plain);
  const places = findPlaces(body, Buffer.byteLength(head));
  const digits = new Uint8Array(MARKS.length);
  return {
    bytes,
    fill(n) {
      let rest = n;
      for (let power = 0; power < digits.length; power += 1) {
        digits[power] = ZERO + (rest % 10);
        rest = Math.floor(rest / 10);
      }
      for (const { at, power } of places) bytes[at] = digits[power] ?? ZERO;
    },
  };
}

/** A mark takes one byte when it is a digit, however long it is in the template. */
function findPlaces(body: string, offset: number): { readonly at: number; readonly power: number }[] {
  return [...body.matchAll(MARK)].map(({ 0: mark, index }) => ({
    at: offset + Buffer.byteLength(body.slice(0, index).replace(MARK, '0')),
    power: MARKS.indexOf(mark),
  }));
}
