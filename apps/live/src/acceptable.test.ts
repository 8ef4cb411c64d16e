import { expect, it } from 'vitest';
import { acceptsEvents } from './acceptable.ts';

it.each([
  [undefined],
  [''],
  ['text/event-stream'],
  ['Text/Event-Stream; charset=utf-8'],
  ['text/*;q=0.1'],
  ['application/json, text/plain, */*'],
  ['*/*;q=0, text/event-stream'],
])('sends events to who accepts %j', (accept) => {
  expect(acceptsEvents(accept)).toBe(true);
});

it.each([
  ['application/json'],
  ['text/html,application/xhtml+xml'],
  ['text/event-stream;q=0, */*'],
  ['text/*; q=0.0'],
  ['nonsense'],
])('sends none to who accepts %j', (accept) => {
  expect(acceptsEvents(accept)).toBe(false);
});
