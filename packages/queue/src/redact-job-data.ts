/** Fields of an event that hold what senders wrote: payload and headers. */
const PAYLOAD_FIELDS = ['body', 'headers'] as const;

/** Returns a job's data as operators may see it: each event without its payload, whose size is told instead. */
export function redactJobData(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('events' in data) || !Array.isArray(data.events))
    return data;
  return { ...data, events: data.events.map(redactEvent) };
}

function redactEvent(event: unknown): unknown {
  if (typeof event !== 'object' || event === null) return '(redacted)';
  const shown: Record<string, unknown> = { ...event };
  for (const field of PAYLOAD_FIELDS) {
    if (!(field in shown)) continue;
    const value = shown[field];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    shown[field] = `(redacted, ${Buffer.byteLength(text)} bytes)`;
  }
  return shown;
}
