import { createContext, useContext } from 'react';
import { useNow } from './clock.ts';

/** Whether times are told in UTC or in the zone of the browser. */
export const ZoneContext = createContext<'utc' | 'local'>('utc');

/** Returns whether times are told in UTC or in the zone of the browser. */
export function useZone(): 'utc' | 'local' {
  return useContext(ZoneContext);
}

/** Tells a time absolutely, with its zone; the whole of it in the title. */
export function Time({
  at,
  withDate = false,
}: {
  readonly at: number | string;
  readonly withDate?: boolean;
}) {
  const zone = useZone();
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()}>
      {formatTime(date, zone, withDate)}
    </time>
  );
}

/** Writes a time as `03:11:58Z`, with its date as `2026-11-21 03:11:58Z`; local times without the Z. */
export function formatTime(date: Date, zone: 'utc' | 'local', withDate: boolean): string {
  const shown = zone === 'utc' ? date : new Date(date.getTime() - 60_000 * date.getTimezoneOffset());
  // Intl would take many times as long, and lists write many times at once.
  const [day = '', time = ''] = shown.toISOString().slice(0, -5).split('T');
  const clock = zone === 'utc' ? `${time}Z` : time;
  return withDate ? `${day} ${clock}` : clock;
}

const STEPS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
  { unit: 's', ms: 1000 },
] as const;

/** Writes a moment within a second, as `03:11:58.204Z`. */
export function formatMoment(date: Date, zone: 'utc' | 'local'): string {
  const [time = '', mark = ''] = formatTime(date, zone, false).split(/(?=Z)/);
  return `${time}.${String(date.getUTCMilliseconds()).padStart(3, '0')}${mark}`;
}

/** Writes a duration with its two largest units, like `2 min 10 s`; below a second in ms. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const index = STEPS.findIndex((step) => ms >= step.ms);
  const [large, small] = [STEPS[index], STEPS[index + 1]];
  if (large === undefined) return `${Math.round(ms)} ms`;
  const count = Math.floor(ms / large.ms);
  const rest = small === undefined ? 0 : Math.floor((ms % large.ms) / small.ms);
  return small === undefined || rest === 0
    ? `${count} ${large.unit}`
    : `${count} ${large.unit} ${rest} ${small.unit}`;
}

/** Tells how long ago something was; it counts on by itself, once a second. */
export function Age({ at }: { readonly at: number | string }) {
  const ms = useNow() - new Date(at).getTime();
  return <span>{ms < 1000 ? 'just now' : `${formatDuration(ms)} ago`}</span>;
}
