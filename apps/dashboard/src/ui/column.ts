/** A column: what it is called, how a cell looks, how wide it is. */
export type Column<Item> = {
  readonly key: string;
  readonly name: string;
  readonly render: (item: Item) => React.ReactNode;
  /** A CSS width; the columns without one share the rest. */
  readonly width?: string;
  /** Numbers stand at the right. */
  readonly align?: 'right';
  /** Shown from this width of the window on, in px; columns without it always are. */
  readonly from?: 600 | 900 | 1200 | 1400;
  /** Shown below this width of the window only, in px: what a wide window tells in more columns. */
  readonly until?: 600 | 900 | 1200;
};
