/** How far the live stream was heard: the id of the last message, and when it came, in epoch ms. */
export type Position = { readonly id: string; readonly at: number };

/** Keeps how far this tab has heard, so that whichever tab leads next goes on from there. */
export type LivePosition = {
  read(): Position | null;
  note(position: Position): void;
  /** Writes it down for tabs that are opened later. */
  save(): void;
};

const KEY = 'sluice-live-position';

/** Creates the position of a tab; it begins with what another tab wrote down. */
export function createLivePosition(storage: Pick<Storage, 'getItem' | 'setItem'>): LivePosition {
  let position = parse(readStored());

  function readStored(): string | null {
    try {
      return storage.getItem(KEY);
    } catch {
      // Storage is switched off: the stream begins now.
      return null;
    }
  }

  return {
    read: () => position,
    note(next) {
      position = next;
    },
    save() {
      if (position === null) return;
      try {
        storage.setItem(KEY, `${position.at} ${position.id}`);
      } catch {
        // Storage is switched off or full: a tab opened later begins with what comes then.
      }
    },
  };
}

function parse(text: string | null): Position | null {
  const [, at, id] = /^(\d{13}) (\S{1,4096})$/.exec(text ?? '') ?? [];
  return at === undefined || id === undefined ? null : { at: Number(at), id };
}
