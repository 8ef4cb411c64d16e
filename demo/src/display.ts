import { MultiBar, type SingleBar } from 'cli-progress';
import { createPaint, type Paint } from './paint.ts';
import { formatCount } from './rows.ts';

/** What a person sees while a demo runs. */
export type Display = {
  readonly stream: NodeJS.WriteStream;
  readonly paint: Paint;
  /** Tells a sentence; above the bars while there are any. */
  say(sentence: string): void;
  /** Writes a text as it is. */
  write(text: string): void;
  /** Shows how much of some parts is done: bars in a terminal, elsewhere a line for each quarter. */
  showProgress<Part extends string>(totals: Readonly<Record<Part, number>>): Progress<Part>;
};

/** The progress of some parts, ended by `stop`. */
export type Progress<Part extends string> = {
  update(part: Part, count: number): void;
  stop(): void;
};

const BAR = '{part} {bar} {count} of {goal}';
const BAR_LENGTH = 40;
const QUARTERS = 4;

/** Creates the display of a stream. */
export function createDisplay(stream: NodeJS.WriteStream): Display {
  const paint = createPaint(stream);
  let bars: MultiBar | undefined;

  function write(text: string): void {
    stream.write(text);
  }

  function say(sentence: string): void {
    if (bars === undefined) write(`${sentence}\n`);
    else bars.log(`${sentence}\n`);
  }

  function showProgress<Part extends string>(totals: Readonly<Record<Part, number>>): Progress<Part> {
    if (!stream.isTTY) return showLines(totals, say);
    const shown = new MultiBar({
      ...{ stream, format: BAR, hideCursor: true, forceRedraw: true },
      formatBar: (done) => drawBar(done, paint),
    });
    bars = shown;
    const parts = new Map<Part, SingleBar>();
    const width = toWidth(totals);
    for (const part in totals) {
      const texts = toTexts(totals[part], 0);
      parts.set(part, shown.create(totals[part], 0, { part: part.padEnd(width), ...texts }));
    }
    return {
      update: (part, count) => {
        const capped = Math.max(0, Math.min(count, totals[part]));
        parts.get(part)?.update(capped, toTexts(totals[part], capped));
      },
      stop() {
        // Writes what was said since the last drawing, which `stop` alone would drop.
        shown.update();
        shown.stop();
        bars = undefined;
      },
    };
  }

  return { stream, paint, say, write, showProgress };
}

function toWidth(totals: Readonly<Record<string, number>>): number {
  return Math.max(...Object.keys(totals).map((part) => part.length));
}

function drawBar(done: number, paint: Paint): string {
  const length = Math.round(done * BAR_LENGTH);
  return paint('green', '━'.repeat(length)) + paint('dim', '━'.repeat(BAR_LENGTH - length));
}

function toTexts(total: number, count: number): { readonly goal: string; readonly count: string } {
  const goal = formatCount(total);
  return { goal, count: formatCount(count).padStart(goal.length) };
}

function showLines<Part extends string>(
  totals: Readonly<Record<Part, number>>,
  say: (sentence: string) => void,
): Progress<Part> {
  const told = new Map<Part, number>();
  const width = toWidth(totals);
  return {
    update(part, count) {
      const total = totals[part];
      const quarter = Math.floor((Math.min(count, total) * QUARTERS) / total);
      if (quarter <= (told.get(part) ?? 0)) return;
      told.set(part, quarter);
      const { count: shown, goal } = toTexts(total, count);
      say(`${part.padEnd(width)} ${shown} of ${goal}`);
    },
    stop: () => undefined,
  };
}
