/** Tells screen readers what happens: at most one message in 10 s, made of what was told meanwhile. */
export type Announcements = {
  /** Takes a message; of those with the same `topic` only the last is said. */
  tell(topic: string, message: string): void;
  close(): void;
};

const PAUSE_MS = 10_000;

/** Creates announcements; `say` puts a message where it is read out. */
export function createAnnouncements(say: (message: string) => void): Announcements {
  const waiting = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function speak(): void {
    timer = undefined;
    if (waiting.size === 0) return;
    say([...waiting.values()].join(', '));
    waiting.clear();
    timer = setTimeout(speak, PAUSE_MS);
  }

  return {
    tell(topic, message) {
      waiting.delete(topic);
      waiting.set(topic, message);
      // What is told in one turn is one message.
      timer ??= setTimeout(speak, 0);
    },
    close() {
      clearTimeout(timer);
    },
  };
}
