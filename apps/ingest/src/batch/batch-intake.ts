import { ProblemException } from '@sluice/contracts/errors';
import type { AcceptedEvent } from '@sluice/contracts/event';
import { readStructuredCloudEvent } from '@sluice/sources/cloud-events';
import type { Intake, Received, SentCarrier } from '../intake.ts';
import { createJsonArraySplitter } from './json-array-splitter.ts';
import { createNdjsonSplitter } from './ndjson-splitter.ts';
import type { Splitter } from './splitter.ts';

/** How the items of a batch are told apart and read. */
export type BatchIntake = {
  readonly splitter: Splitter;
  /** Whether an item that is not valid JSON makes the place of those behind it unknown. */
  readonly breaksAtBadJson: boolean;
  /** Checks and identifies an item. @throws ProblemException */
  readonly identify: (item: Buffer, index: number) => AcceptedEvent;
};

/** What an item is read by, once the batch is known to be of its kind. */
type Parts = { readonly maxItemBytes: number; readonly toEvent: (received: Received) => AcceptedEvent };

const CLOUD_EVENTS = 'application/cloudevents-batch+json';
const LINES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** Tells whether a body of this content type is a batch of CloudEvents. */
export function isCloudEventBatch(contentType: string | undefined): boolean {
  // Nearly every one is application/json, which this letter tells without taking it apart.
  const isOther = contentType?.charAt('application/'.length) === 'j';
  return contentType !== undefined && !isOther && toMediaType(contentType) === CLOUD_EVENTS;
}

/**
 * Chooses how a batch of events that name their sources is read, by its content type. The carrier's key becomes
 * `<key>#<index>` of each item that has none of its own.
 *
 * @throws ProblemException ERR_MEDIA_TYPE
 */
export function toBatchIntake(
  carrier: SentCarrier,
  intake: Intake,
  { maxItemBytes, toEvent }: Parts,
): BatchIntake {
  const mediaType = toMediaType(carrier.contentType);
  if (mediaType === CLOUD_EVENTS) {
    return toCloudEventIntake((item) => intake.readCloudEvent(readStructuredCloudEvent(item), carrier), {
      maxItemBytes,
      toEvent,
    });
  }
  const isLines = LINES.includes(mediaType);
  if (!isLines && mediaType !== 'application/json') {
    throw new ProblemException(
      'ERR_MEDIA_TYPE',
      `A batch must be application/json (an array), application/x-ndjson or ${CLOUD_EVENTS}.`,
    );
  }
  const ofItems = { ...carrier, contentType: 'application/json' };
  const { key } = carrier;
  return {
    splitter: isLines ? createNdjsonSplitter(maxItemBytes) : createJsonArraySplitter(maxItemBytes),
    breaksAtBadJson: !isLines,
    identify: (item, index) =>
      toEvent(intake.readSubmitted(item, key === null ? ofItems : { ...ofItems, key: `${key}#${index}` })),
  };
}

/** Makes the reader of a batch of CloudEvents. */
export function toCloudEventIntake(
  read: (item: Buffer) => Received,
  { maxItemBytes, toEvent }: Parts,
): BatchIntake {
  return {
    splitter: createJsonArraySplitter(maxItemBytes),
    breaksAtBadJson: true,
    identify: (item) => toEvent(read(item)),
  };
}

function toMediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
