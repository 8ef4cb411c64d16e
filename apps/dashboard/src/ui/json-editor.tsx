import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { linter, lintGutter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

/** Ink only: hue is kept for state, so names are bold and what is a string stands lighter. */
const INK = HighlightStyle.define([
  { tag: tags.propertyName, fontWeight: '600' },
  { tag: [tags.string, tags.number, tags.bool, tags.null], color: 'var(--text)' },
  { tag: [tags.punctuation, tags.separator], color: 'var(--muted)' },
]);

const LOOK = EditorView.theme({
  '&': {
    border: '1px solid var(--control)',
    borderRadius: 'var(--radius-control)',
    background: 'var(--surface)',
    color: 'var(--text)',
    fontSize: '12px',
    maxHeight: '480px',
    minHeight: '200px',
  },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', minHeight: '200px' },
  '.cm-gutters': { background: 'var(--surface)', color: 'var(--muted)', border: '0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--dead)' },
  '.cm-lint-marker-error': { content: '"⬣"', color: 'var(--dead)' },
});

/** Edits JSON; a fault is marked at its place while one types. */
export default function JsonEditor({
  label,
  initial,
  onChange,
}: {
  readonly label: string;
  readonly initial: string;
  readonly onChange: (text: string) => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const latest = useRef(onChange);
  latest.current = onChange;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is the editor's own once it is there
  useEffect(() => {
    if (frame.current === null) return;
    const view = new EditorView({
      parent: frame.current,
      state: EditorState.create({
        doc: initial,
        extensions: [
          lineNumbers(),
          history(),
          bracketMatching(),
          json(),
          linter(jsonParseLinter()),
          lintGutter(),
          syntaxHighlighting(INK),
          LOOK,
          // Tab leaves the editor: nobody is kept in it who uses a keyboard.
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    return () => view.destroy();
  }, []);
  return <div ref={frame} />;
}
