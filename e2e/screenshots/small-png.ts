/*
 * Pictures of pages hold few colours: with a palette of 256 they take a third of the room (PNG, W3C Recommendation, 3rd edition).
 *
 *  1. The file is read: its chunks, the deflated rows, and the filter of each row undone.
 *  2. The most frequent colours become the palette, and rarer ones that none of them comes near, like the hue of a single
 *     mark; every other colour becomes the nearest of them.
 *  3. It is written again with one byte a pixel, deflated as far as can be. If that is larger, the file stays as it is.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PALETTE_SIZE = 256;

/** Writes a PNG of 8 bits a channel, as browsers make them, with a palette; its transparency is lost. */
export function toSmallPng(png: Buffer): Buffer {
  const { width, height, channels, pixels } = readPixels(png);
  const counts = new Map<number, number>();
  const colours = new Uint32Array(width * height);
  for (let index = 0; index < colours.length; index += 1) {
    const at = index * channels;
    const colour = ((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0);
    colours[index] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = choosePalette(counts);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const colour = colours[y * width + x] ?? 0;
      let place = places.get(colour);
      if (place === undefined) {
        place = findNearest(palette, colour);
        places.set(colour, place);
      }
      rows[y * (width + 1) + 1 + x] = place;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const small = Buffer.concat([
    SIGNATURE,
    toChunk('IHDR', head),
    toChunk(
      'PLTE',
      Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255])),
    ),
    toChunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    toChunk('IEND', Buffer.alloc(0)),
  ]);
  return small.length < png.length ? small : png;
}

/** So many of the palette are the most frequent; from this distance on a colour is another one. */
const FREQUENT = 192;
const FAR = 2000;

function choosePalette(counts: ReadonlyMap<number, number>): readonly number[] {
  const colours = [...counts].toSorted(([, a], [, b]) => b - a).map(([colour]) => colour);
  const palette = colours.slice(0, FREQUENT);
  for (const colour of colours.slice(FREQUENT)) {
    if (palette.length === PALETTE_SIZE) break;
    if (toDistance(palette[findNearest(palette, colour)] ?? 0, colour) > FAR) palette.push(colour);
  }
  return palette;
}

function readPixels(png: Buffer) {
  const parts: Buffer[] = [];
  let [width, height, channels] = [0, 0, 0];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
      channels = data[9] === 6 ? 4 : 3;
      if (data[8] !== 8 || (data[9] !== 2 && data[9] !== 6) || data[12] !== 0) {
        throw new Error('Only PNG of 8 bits a channel, in colour and not interlaced, can be read.');
      }
    } else if (type === 'IDAT') parts.push(data);
    at += 12 + length;
  }
  return {
    width,
    height,
    channels,
    pixels: unfilter(inflateSync(Buffer.concat(parts)), width * channels, channels),
  };
}

/** Undoes the filter of each row: it says of every byte how it differs from its neighbours. */
function unfilter(filtered: Buffer, rowBytes: number, channels: number): Uint8Array {
  const height = filtered.length / (rowBytes + 1);
  const pixels = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (rowBytes + 1)];
    for (let x = 0; x < rowBytes; x += 1) {
      const at = y * rowBytes + x;
      const left = x >= channels ? (pixels[at - channels] ?? 0) : 0;
      const up = y > 0 ? (pixels[at - rowBytes] ?? 0) : 0;
      const corner = x >= channels && y > 0 ? (pixels[at - rowBytes - channels] ?? 0) : 0;
      const byte = filtered[y * (rowBytes + 1) + 1 + x] ?? 0;
      pixels[at] = byte + predict(filter, left, up, corner);
    }
  }
  return pixels;
}

function predict(filter: number | undefined, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return predictPaeth(left, up, corner);
    default:
      return 0;
  }
}

function predictPaeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function findNearest(palette: readonly number[], colour: number): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [place, one] of palette.entries()) {
    const distance = toDistance(one, colour);
    if (distance < least) [best, least] = [place, distance];
  }
  return best;
}

/** Eyes see green best. */
function toDistance(one: number, other: number): number {
  const red = (one >> 16) - (other >> 16);
  const green = ((one >> 8) & 255) - ((other >> 8) & 255);
  const blue = (one & 255) - (other & 255);
  return 2 * red * red + 4 * green * green + 3 * blue * blue;
}

function toChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return chunk;
}
