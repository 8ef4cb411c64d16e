import { Binary, BSON, Double, Int32, Long, ObjectId, Timestamp } from 'mongodb';
import { expect, test } from 'vitest';
import { decodeDocument } from './decode-document.ts';

const values: readonly (readonly [string, unknown])[] = [
  ...([
    ['double', new Double(1)],
    ['int', new Int32(1)],
    ['long', Long.fromString('9007199254740993')],
  ] as const),
  ...([
    ['text', 'ä'],
    ['none', null],
    ['yes', true],
    ['at', new Date(1)],
    ['id', new ObjectId()],
  ] as const),
  ...([
    ['bytes', new Binary(Buffer.from([1, 2]))],
    ['time', new Timestamp({ t: 1, i: 2 })],
  ] as const),
  ...([
    ['pattern', new BSON.BSONRegExp('a', 'i')],
    ['min', new BSON.MinKey()],
  ] as const),
];

test.each([
  [
    'without keys that are numbers',
    new Map<string, unknown>([['_id', 'a'], ...values, ['list', [1, { b: 1 }]]]),
  ],
  [
    'with such keys in any order, at any depth',
    new Map<string, unknown>([
      ['_id', 'a'],
      [
        'b',
        new Map<string, unknown>([
          ['x', 1],
          ['7', new Double(1)],
          ['3', new Map(values)],
        ]),
      ],
      [
        'list',
        [
          new Map<string, unknown>([
            ['z', 1],
            ['12', 2],
            ['4', []],
          ]),
          'end',
        ],
      ],
    ]),
  ],
  [
    'with such a key at the top',
    new Map<string, unknown>([
      ['_id', 'a'],
      ['9', 1],
      ['1', 2],
    ]),
  ],
  [
    'with references, as which it is read itself too',
    new Map<string, unknown>([
      ['_id', 'a'],
      ['at', new Map<string, unknown>([...values, ['$ref', 'events'], ['$id', 1]])],
      ['$id', 'b'],
      ['$ref', 'events'],
    ]),
  ],
  [
    'with a key that libraries of BSON take for their own',
    new Map<string, unknown>([
      ['_id', 'a'],
      ['_bsontype', 'Binary'],
      ['data', [new Map([['_bsontype', 'Long']])]],
    ]),
  ],
])('a document %s is encoded to the same bytes again', (_what, given) => {
  const raw = BSON.serialize(given);
  const { id, document } = decodeDocument(raw);
  expect(id).toBe('a');
  expect(Buffer.from(BSON.serialize(document)).toString('hex')).toBe(Buffer.from(raw).toString('hex'));
});
