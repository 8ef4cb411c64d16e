import { styleText } from 'node:util';

/** The styles that are used. */
export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

/** Styles a text; plain where the stream shows no colours. */
export type Paint = (style: Style, text: string) => string;

/** Creates the paint of a stream: none unless it is a terminal, and none where NO_COLOR asks for none. */
export function createPaint(stream: NodeJS.WriteStream): Paint {
  return (style, text) => (text === '' ? '' : styleText(style, text, { stream }));
}
