/*
 * Puts the clock of a process wrong by as many ms as a file says when the process starts; without the file it is
 * right. Loaded by `--import=.../wrong-clock.ts?file=...`. Timers and `performance.now()` go on as they are.
 */
import { existsSync, readFileSync } from 'node:fs';

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const offsetMs = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;

if (offsetMs !== 0) {
  const RightDate = Date;
  const readNow = (): number => RightDate.now() + offsetMs;
  globalThis.Date = new Proxy(RightDate, {
    apply: () => new RightDate(readNow()).toString(),
    construct: (target, parts, newTarget) =>
      Reflect.construct(target, parts.length === 0 ? [readNow()] : parts, newTarget),
    get: (target, name) => (name === 'now' ? readNow : Reflect.get(target, name)),
  });
}
