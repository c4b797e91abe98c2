// Hashes a picture on the device that holds it. Nothing is sent: this file makes no request, and the answer
// to the page is the hash. Started as a module worker:
//
//   const worker = new Worker(url, { type: "module" });
//   worker.postMessage({ id: 1, picture: file });    // → { id, stored, upright, ground, before } or { id, error }
//
// `stored` and `upright` are {hash, quality}: of the pixels as the file holds them, and as people see them.
// `before`: what may have been done to the picture that people see → the hash that it had before; without what
// `stored` undoes already. What is transparent is seen on white or, where more is to be seen there, on black;
// `ground` is {hash, quality} on the other, null where it is no other or says nothing.
//
// PNG and other lossless pictures without transparency give the server's bits. What can differ: JPEG, WebP
// and AVIF where the browser's decoder rounds otherwise (a few bits; matching allows 31); what is half
// transparent, likewise; 16 bits a colour.
import { pdqHash } from "./pdq.js";

const MOST_BYTES = 64 * 1024 * 1024, MOST_PIXELS = 89_478_485, STRIPE = 64;
const RELIABLE = 50, SAME = 8; // as in hashing.py and picture.py
// EXIF's number → what makes the stored picture upright.
const TURNS = {
  2: "mirrored",
  3: "rotated-180",
  4: "mirrored-rotated-180",
  5: "mirrored-rotated-270",
  6: "rotated-90",
  7: "mirrored-rotated-90",
  8: "rotated-270",
};

class Refused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

// Where a JPEG says how it is to be turned: {at, little, value}; null where it does not (EXIF 2.3, 4.5).
function orientationIn(view) {
  try {
    if (view.getUint16(0) !== 0xffd8) return null;
    for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
      const marker = view.getUint16(at);
      if (marker < 0xff01 || marker === 0xffda) return null;
      if (marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return tagIn(view, at + 10);
    }
  } catch {
    return null; // it ends in the middle: the decoder will say so
  }
}

function tagIn(view, start) {
  const little = view.getUint16(start) === 0x4949, table = start + view.getUint32(start + 4, little);
  for (let n = 0, count = view.getUint16(table, little); n < count; n++) {
    const entry = table + 2 + 12 * n;
    if (view.getUint16(entry, little) !== 0x0112) continue;
    return { at: entry + 8, little, value: view.getUint16(entry + 8, little) };
  }
  return null;
}

// Of the usual kinds the only one that is never transparent: it is hashed once.
const isJpeg = (bytes) => new DataView(bytes).byteLength > 1 && new DataView(bytes).getUint16(0) === 0xffd8;

async function decode(bytes) {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  try {
    return await createImageBitmap(new Blob([bytes]), options);
  } catch {
    throw new Refused("not-a-picture");
  }
}

// Of a JPEG that was cut a browser fills in the rest, without a word, and of one without its last bytes shows
// nothing. So it is decoded with two different endings: what is alike both times stood in the file (partial.py).
const WHOLE = 0.98, TAIL = [0x5a, 0xc3, 0x1d, 0x72, 0x8e, 0x21, 0xb4, 0x69];

async function wholeJpeg(bytes) {
  const data = new Uint8Array(bytes);
  let end = data.length;
  while (end > 2 && data[end - 1] === 0) end--;
  if (data[end - 2] === 0xff && data[end - 1] === 0xd9) end -= 2;
  const ended = (tail) => {
    const made = new Uint8Array(end + tail * TAIL.length + 2);
    made.set(data.subarray(0, end));
    for (let at = 0; at < tail * TAIL.length; at++) made[end + at] = TAIL[at % TAIL.length];
    made.set([0xff, 0xd9], made.length - 2);
    return made.buffer;
  };
  const [one, other] = [await decode(ended(0)), await decode(ended(1024))];
  try {
    if (alike(one, other) < WHOLE) throw new Refused("truncated");
  } finally {
    one.close();
    other.close();
  }
  return ended(0);
}

// The share of two pictures, from the top, that is the same in both.
function alike(one, other) {
  if (one.width !== other.width || one.height !== other.height) return 0;
  const width = Math.min(one.width, 256), height = Math.min(one.height, 1024);
  const [first, second] = [one, other].map((bitmap) => {
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  });
  for (let at = 0; at < first.length; at++)
    if (Math.abs(first[at] - second[at]) > 8) return Math.floor(at / 4 / width) / height;
  return 1;
}

// Some browsers answer with noise, so that canvases cannot tell them apart: then there is no hash.
function check(context) {
  const known = context.createImageData(16, 16);
  known.data.forEach((_, i) => { known.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256; });
  context.putImageData(known, 0, 0);
  const read = context.getImageData(0, 0, 16, 16).data;
  if (read.some((value, i) => value !== known.data[i])) throw new Refused("canvas-disturbed");
}

function hash(bitmap, ground) {
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) throw new Refused("too-many-pixels");
  // A stripe at a time: phones limit canvases, not pictures.
  const context = new OffscreenCanvas(Math.max(width, 16), STRIPE).getContext("2d", { willReadFrequently: true });
  check(context);
  return pdqHash(width, height, (first, count) => {
    context.fillStyle = ground;
    context.fillRect(0, 0, width, STRIPE);
    context.drawImage(bitmap, 0, first, width, count, 0, 0, width, count);
    return context.getImageData(0, 0, width, count).data;
  });
}

function apart(one, other) {
  const bits = (digit) => "0112122312232334"[digit];
  let count = 0;
  for (let at = 0; at < one.length; at++) count += Number(bits(parseInt(one[at], 16) ^ parseInt(other[at], 16)));
  return count;
}

// As people see it: see ground.py.
async function hashBytes(bytes) {
  const bitmap = await decode(bytes);
  try {
    const white = hash(bitmap, "white");
    if (isJpeg(bytes)) return { ...white, ground: null };
    const black = hash(bitmap, "black"), shown = white.quality >= RELIABLE || white.quality >= black.quality;
    const [found, { hash: other, quality }] = shown ? [white, black] : [black, white];
    const differs = found.quality < RELIABLE || apart(found.hash, other) > SAME;
    return { ...found, ground: quality >= RELIABLE && differs ? { hash: other, quality } : null };
  } finally {
    bitmap.close();
  }
}

// Browsers turn what they draw; lists hold hashes of pictures as they are stored.
async function hashPicture(picture) {
  if (picture.size > MOST_BYTES) throw new Refused("too-large");
  const stored = await picture.arrayBuffer(), bytes = isJpeg(stored) ? await wholeJpeg(stored) : stored;
  const view = new DataView(bytes), turn = orientationIn(view);
  const { before, ground, ...upright } = await hashBytes(bytes);
  if (!turn || turn.value === 1) return { stored: upright, upright, ground, before };
  view.setUint16(turn.at, 1, turn.little);
  const { hash, quality } = await hashBytes(bytes);
  delete before[TURNS[turn.value]];
  return { stored: { hash, quality }, upright, ground, before };
}

self.onmessage = async ({ data: { id, picture } }) => {
  try {
    self.postMessage({ id, ...(await hashPicture(picture)) });
  } catch (error) {
    self.postMessage({ id, error: error.reason ?? "damaged" });
  }
};
