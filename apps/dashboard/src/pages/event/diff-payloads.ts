import { isJsonObject, type JsonValue } from '@sluice/contracts/json';
import { toLines } from './text-lines.ts';

/** A place where two payloads differ; undefined = there is nothing on that side. */
export type Difference = {
  readonly pointer: string;
  readonly left: string | undefined;
  readonly right: string | undefined;
};

/** Lists the places where two payloads differ, in the order of the left one. What holds other values is not compared itself. */
export function diffPayloads(left: JsonValue, right: JsonValue): readonly Difference[] {
  const [from, to] = [toValues(left), toValues(right)];
  const pointers = [...new Set([...from.keys(), ...to.keys()])];
  return pointers
    .map((pointer) => ({ pointer, left: from.get(pointer), right: to.get(pointer) }))
    .filter((pair) => pair.left !== pair.right);
}

function toValues(payload: JsonValue): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (!isJsonObject(payload) && !Array.isArray(payload)) return values.set('', JSON.stringify(payload));
  for (const { pointer, text } of toLines(payload)) {
    if (pointer === null || /[[{]$/.test(text)) continue;
    const bare = text.replace(/,$/, '');
    const name = /^"(?:[^"\\]|\\.)*": /.exec(bare)?.[0] ?? '';
    values.set(pointer, bare.slice(name.length));
  }
  return values;
}
