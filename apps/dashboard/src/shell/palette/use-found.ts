import type { EventDetail, NormalizedItem } from '@sluice/contracts/api';
import type { ReplayDetail } from '@sluice/contracts/operations';
import type { SourceItem } from '@sluice/contracts/sources-api';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Failure, read } from '../../data/http.ts';
import type { Page } from '../../data/use-live-rows.ts';
import { readTarget, type Target } from './read-target.ts';

/** What a text leads to. */
export type Found = { readonly href: string; readonly label: string; readonly hint: string };

/** What was looked up; `found` is empty where nothing has that name. */
export type Lookup = {
  readonly isLooking: boolean;
  readonly found: readonly Found[];
  /** Why it could not be looked up. */
  readonly problem: string | null;
};

/** How long nothing may be typed before it is looked up, in ms. */
const PAUSE_MS = 150;
const FRESH_MS = 30_000;

const MAX_SOURCES = 5;

/** Looks up what a text names: an event, an operation, a source, a device. */
export function useFound(text: string): Lookup {
  const settled = useSettled(text);
  const target = readTarget(settled);
  const { data, isFetching, error } = useQuery({
    queryKey: ['palette', target],
    queryFn: ({ signal }) => (target === null ? [] : lookUp(target, signal)),
    enabled: target !== null,
    staleTime: FRESH_MS,
    retry: false,
  });
  return {
    isLooking: isFetching || (settled !== text && readTarget(text) !== null),
    found: target === null ? [] : (data ?? []),
    problem: target === null ? null : (error?.message ?? null),
  };
}

function lookUp(target: Target, signal: AbortSignal): Promise<readonly Found[]> {
  switch (target.kind) {
    case 'event':
      return orNone(findEvent(target.id, signal));
    case 'operation':
      return orNone(findOperation(target.id, signal));
    case 'cause':
      return Promise.resolve([
        { href: `/dead-letters/${target.id}`, label: `Dead letters of the cause ${target.id}`, hint: '' },
      ]);
    case 'name':
      return findName(target.name, signal);
  }
}

async function findEvent(id: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { status, raw } = await read<EventDetail>(`/api/events/${id}`, {}, signal);
  return [
    {
      href: `/events/${id}`,
      label: `Event ${id}`,
      hint: `${status}${raw === null ? '' : `, ${raw.source}`}`,
    },
  ];
}

async function findOperation(id: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { state, planned } = await read<ReplayDetail>(`/api/replays/${id}`, { limit: 1 }, signal);
  return [{ href: `/operations/${id}`, label: `Operation ${id}`, hint: `${state}, ${planned} planned` }];
}

async function findName(name: string, signal: AbortSignal): Promise<readonly Found[]> {
  const [sources, senders, devices] = await Promise.all([
    read<Page<SourceItem>>('/api/sources', { limit: 500 }, signal),
    orNone(
      read<Page<unknown>>('/api/events/raw', { source: name, limit: 1 }, signal).then(({ items }) => items),
    ),
    orNone(
      read<Page<NormalizedItem>>('/api/events/normalized', { subject: name, limit: 1 }, signal).then(
        ({ items }) => items,
      ),
    ),
  ]);
  const wanted = name.toLowerCase();
  const declared = sources.items.filter(({ id }) => id.toLowerCase().includes(wanted)).slice(0, MAX_SOURCES);
  return [
    ...declared.map(({ id, kind }) => ({
      href: `/sources/${encodeURIComponent(id)}`,
      label: `Source ${id}`,
      hint: kind === 'poll' ? 'polled' : 'sends to us',
    })),
    ...senders.map(() => ({
      href: `/events?source=${encodeURIComponent(name)}`,
      label: `Events of the source ${name}`,
      hint: '',
    })),
    ...devices.map(({ type }) =>
      type === 'vitals'
        ? { href: `/devices/${encodeURIComponent(name)}`, label: `Device ${name}`, hint: '' }
        : {
            href: `/normalized?subject=${encodeURIComponent(name)}`,
            label: `Records of ${name}`,
            hint: type,
          },
    ),
  ];
}

/** What the api does not know, or cannot be asked for, is not found. */
async function orNone<Item>(found: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Failure && error.status >= 400 && error.status < 500) return [];
    throw error;
  }
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
