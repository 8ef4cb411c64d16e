/*
 * Makes one payload deadly, as a defect of the engine would: a process that parses a body of the source `poison`
 * is gone at once. The queue's jobs hold bodies as strings, so fetching one does no harm.
 */
const parse = JSON.parse;

JSON.parse = (text: string, ...rest: [never?]): unknown => {
  if (typeof text === 'string' && text.startsWith('{"source":"poison"')) process.kill(process.pid, 'SIGKILL');
  return parse(text, ...rest);
};
