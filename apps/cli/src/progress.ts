import { SingleBar } from 'cli-progress';

/** What is shown of something long while it runs. */
export type Progress = {
  /** Shows how much of the total is done, and a few words on it. */
  update(done: number, words: string): void;
  /** Says something, above the bar while there is one. */
  say(sentence: string): void;
  stop(): void;
};

const TENTHS = 10;

/** Shows how much is done: a bar in a terminal, elsewhere a line for each tenth. */
export function showProgress(stream: NodeJS.WriteStream, total: number): Progress {
  const most = Math.max(1, total);
  return stream.isTTY ? showBar(stream, most) : showLines(stream, most);
}

function showBar(stream: NodeJS.WriteStream, total: number): Progress {
  const bar = new SingleBar({
    stream,
    format: '{bar} {percentage}%  {words}  {eta_formatted} to go',
    barsize: 40,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    hideCursor: true,
    etaBuffer: 50,
    formatTime: toTime,
  });
  bar.start(total, 0, { words: '' });
  return {
    update: (done, words) => bar.update(Math.min(done, total), { words }),
    say(sentence) {
      stream.write(`\r\u001b[K${sentence}\n`);
      bar.updateETA();
    },
    stop: () => bar.stop(),
  };
}

function showLines(stream: NodeJS.WriteStream, total: number): Progress {
  let told: number | undefined;
  const say = (sentence: string): void => void stream.write(`${sentence}\n`);
  return {
    update(done, words) {
      const tenth = Math.floor((Math.min(done, total) * TENTHS) / total);
      if (told !== undefined && tenth > told) say(`${tenth * TENTHS}%  ${words}`);
      told = tenth;
    },
    say,
    stop: () => undefined,
  };
}

/** Nothing is known at first: then it is no number. */
function toTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-';
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
