import type { JsonValue } from '@sluice/contracts/json';

/** The attributes of a CloudEvent 1.0. */
export type CloudEventAttributes = {
  readonly ceSource: string;
  readonly id: string;
  readonly type: string;
  /** RFC 3339, as it was written. */
  readonly time?: string;
  readonly subject?: string;
  readonly dataSchema?: string;
  /** Media type of the data, where the event names one. */
  readonly dataContentType?: string;
  readonly extensions: Readonly<Record<string, string | number | boolean>>;
};

/** An attribute that is missing or not as the specification wants it. */
export type AttributeFault = { readonly name: string; readonly detail: string };

const MAX_EXTENSIONS = 64;

/** No control characters; a source holds no white space either, because it is a URI reference. */
const TEXT = /^\P{Cc}+$/u;
const URI = /^[^\p{Cc}\s]+$/u;
const EXTENSION_NAME = /^[a-z0-9]{1,64}$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** What a known attribute must be. */
type Rule = { readonly pattern: RegExp; readonly maxLength: number; readonly required?: true };

const RULES = {
  id: { pattern: TEXT, maxLength: 256, required: true },
  source: { pattern: URI, maxLength: 1024, required: true },
  type: { pattern: TEXT, maxLength: 128, required: true },
  time: { pattern: RFC_3339, maxLength: 64 },
  subject: { pattern: TEXT, maxLength: 1024 },
  dataschema: { pattern: URI, maxLength: 1024 },
  datacontenttype: { pattern: TEXT, maxLength: 256 },
} as const satisfies Record<string, Rule>;

/**
 * Reads the attributes of a CloudEvent, data excepted, by their names in the specification
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes); null counts as absent.
 * Returns every fault at once.
 */
export function readAttributes(
  given: ReadonlyMap<string, JsonValue>,
): { readonly attributes: CloudEventAttributes } | { readonly faults: readonly AttributeFault[] } {
  const faults: AttributeFault[] = [];
  const fail = (name: string, detail: string) => void faults.push({ name, detail });

  const version = given.get('specversion') ?? null;
  if (version !== '1.0') fail('specversion', version === null ? 'missing' : 'expected 1.0');

  function readText(name: keyof typeof RULES): string | undefined {
    const { pattern, maxLength, required }: Rule = RULES[name];
    const value = given.get(name) ?? null;
    if (value === null && required === undefined) return undefined;
    if (value === null) fail(name, 'missing');
    else if (typeof value !== 'string' || value === '') fail(name, 'expected a string with something in it');
    else if (value.length > maxLength) fail(name, `expected at most ${maxLength} characters`);
    else if (!pattern.test(value) || (name === 'time' && !isTime(value))) {
      fail(
        name,
        name === 'time' ? 'expected a time as of RFC 3339' : 'holds a character that is not allowed',
      );
    } else return value;
    return undefined;
  }

  const texts = {
    ceSource: readText('source') ?? '',
    id: readText('id') ?? '',
    type: readText('type') ?? '',
    ...present('time', readText('time')),
    ...present('subject', readText('subject')),
    ...present('dataSchema', readText('dataschema')),
    ...present('dataContentType', readText('datacontenttype')),
  };

  const extensions: Record<string, string | number | boolean> = {};
  const others = [...given].filter(([name, value]) => !isKnown(name) && value !== null);
  if (others.length > MAX_EXTENSIONS) fail('', `expected at most ${MAX_EXTENSIONS} extension attributes`);
  for (const [name, value] of others.slice(0, MAX_EXTENSIONS)) {
    if (!EXTENSION_NAME.test(name)) fail(name, 'expected a name of a-z and 0-9');
    else if (isExtensionValue(value)) extensions[name] = value;
    else fail(name, 'expected a string, a whole number or a boolean');
  }
  return faults.length > 0 ? { faults } : { attributes: { ...texts, extensions } };
}

/** RFC 3339 knows leap seconds, Date does not. */
function isTime(text: string): boolean {
  const upper = text.toUpperCase().replace(/:60(?=[.Z+-])/, ':59');
  return !Number.isNaN(Date.parse(upper));
}

function isKnown(name: string): boolean {
  return name === 'specversion' || Object.hasOwn(RULES, name);
}

function isExtensionValue(value: JsonValue): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value);
}

function present<Name extends string>(name: Name, value: string | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: string };
}
