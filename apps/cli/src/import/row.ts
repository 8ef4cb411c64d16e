/** A row of a file that is imported: what it holds, and where it ends. */
export type Row = {
  /** Number of its last line, from 1. */
  readonly line: number;
  /** Place of the first byte behind it. */
  readonly end: number;
  readonly content: RowContent;
};

/** The payload as JSON, or why there is none. */
export type RowContent =
  | { readonly ok: true; readonly json: Buffer }
  | { readonly ok: false; readonly code: RowCode; readonly detail: string; readonly text: string };

/** Why a row is not even sent. */
export type RowCode = 'ERR_JSON_INVALID' | 'ERR_UNICODE_INVALID' | 'ERR_BODY_TOO_LARGE' | 'ERR_ROW_INVALID';

/** Where a file is read from. */
export type RowStart = { readonly offset: number; readonly line: number };

/** Longer rows are not sent: no server takes them, and one must not fill the memory. */
export const MAX_ROW_BYTES = 4 * 1024 * 1024;

/** How much of a row that is not sent is kept to be shown. */
const SHOWN_BYTES = 4096;

/** Makes the content of a row that cannot be sent; of its bytes only the first are kept. */
export function toBadContent(code: RowCode, detail: string, bytes: Buffer): RowContent {
  return { ok: false, code, detail, text: bytes.subarray(0, SHOWN_BYTES).toString('utf8') };
}
