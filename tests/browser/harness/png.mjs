// A smaller PNG of a picture of a page: at most 256 colours, so that a folder of pictures stays small.
//
// Pages are flat: paper, ink and a few soft colours. The commonest colours are kept as they are and every other
// one becomes the nearest of them; what is lost is the shading at the edges of letters. Same page, same bytes.

import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Beyond the flat colours of a page only the shading at the edges of letters is left. */
const COLOURS_MAX = 32;

const CRC = new Uint32Array(256).map((_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC[(c ^ byte) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

function chunk(name, data) {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(name, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** Width, height and the pixels as RGB, of what the browser writes: 8 bits, RGB or RGBA, not interlaced. */
function read(png) {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('no PNG');
  let at = 8;
  let head;
  const packed = [];
  while (at < png.length) {
    const size = png.readUInt32BE(at);
    const name = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + size);
    if (name === 'IHDR') head = { width: data.readUInt32BE(0), height: data.readUInt32BE(4), depth: data[8], kind: data[9], laced: data[12] };
    if (name === 'IDAT') packed.push(data);
    at += 12 + size;
  }
  const parts = { 2: 3, 6: 4 }[head.kind];
  if (head.depth !== 8 || !parts || head.laced) throw new Error('a PNG of another kind than the browser writes');
  const lines = inflateSync(Buffer.concat(packed));
  const { width, height } = head;
  const stride = width * parts;
  const rgb = Buffer.alloc(width * height * 3);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y += 1) {
    const filter = lines[y * (stride + 1)];
    const line = lines.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    for (let x = 0; x < stride; x += 1) {
      const left = x >= parts ? line[x - parts] : 0;
      const up = above[x];
      const corner = x >= parts ? above[x - parts] : 0;
      line[x] = (line[x] + predicted(filter, left, up, corner)) & 0xff;
    }
    for (let x = 0; x < width; x += 1) line.copy(rgb, (y * width + x) * 3, x * parts, x * parts + 3);
    above = line;
  }
  return { width, height, rgb };
}

/** What the filters of PNG (ISO/IEC 15948, 9.2) foretell of a byte. */
function predicted(filter, left, up, corner) {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** The commonest colours, and for every colour its place among them. */
function palette(rgb) {
  const seen = new Map();
  for (let at = 0; at < rgb.length; at += 3) {
    const colour = (rgb[at] << 16) | (rgb[at + 1] << 8) | rgb[at + 2];
    seen.set(colour, (seen.get(colour) ?? 0) + 1);
  }
  const common = [...seen].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
  const kept = common.slice(0, COLOURS_MAX).map(([colour]) => colour);
  const place = new Map();
  for (const [colour] of common) {
    let best = 0;
    let distance = Infinity;
    for (const [index, other] of kept.entries()) {
      const far =
        ((colour >> 16) - (other >> 16)) ** 2 + (((colour >> 8) & 255) - ((other >> 8) & 255)) ** 2 + ((colour & 255) - (other & 255)) ** 2;
      if (far < distance) [best, distance] = [index, far];
    }
    place.set(colour, best);
  }
  return { kept, place };
}

/** The same picture with few colours. */
export function smaller(png) {
  const { width, height, rgb } = read(png);
  const { kept, place } = palette(rgb);
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 3;
      lines[y * (width + 1) + 1 + x] = place.get((rgb[at] << 16) | (rgb[at + 1] << 8) | rgb[at + 2]);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.alloc(kept.length * 3);
  kept.forEach((colour, index) => colours.set([colour >> 16, (colour >> 8) & 255, colour & 255], index * 3));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
