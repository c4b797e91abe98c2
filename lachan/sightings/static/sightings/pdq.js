// PDQ in the browser, bit for bit as on the server: lachan/matching/algorithms/pdq says what is done and why.
// Numbers here are 64-bit; every sum, product and quotient is rounded to 32 bit as the reference has it,
// by Math.fround or by storing it in a Float32Array. Neither needs the other's help to be exact (for one
// operation on 32-bit floats, rounding twice is rounding once).
const SIDE = 64, ORDERS = 16, LEAST_SIDE = 5, STRIPE = 64;
const round = Math.fround;

// A box of `window` values: what it adds is `lead` places ahead, what it drops is `tail` behind.
function box(size, window) {
  const lead = window >> 1, tail = window - lead;
  const held = (at) => Math.min(at + lead + 1, size) - Math.max(0, at - tail + 1);
  return { size, lead, tail, held };
}

const boxOf = (size) => box(size, Math.floor((size + 2 * SIDE - 1) / (2 * SIDE)));
const centresOf = (size) => Array.from({ length: SIDE }, (_, k) => Math.trunc(((k + 0.5) * size) / SIDE));

function blurRow(row, { size, lead, tail, held }, out) {
  let sum = 0;
  for (let at = 0; at < lead; at++) sum = round(sum + row[at]);
  for (let at = 0; at < size; at++) {
    if (at + lead < size) sum = round(sum + row[at + lead]);
    if (at >= tail) sum = round(sum - row[at - tail]);
    out[at] = sum / held(at);
  }
}

// Slides the boxes of all columns down to row `at`, and writes their means. `rows(n)` gives row n.
function blurColumns(sums, rows, at, { size, lead, tail, held }, out) {
  if (at === 0) for (let n = 0; n < lead; n++) rows(n).forEach((value, i) => { sums[i] += value; });
  const count = held(at), added = at + lead < size ? rows(at + lead) : null;
  const dropped = at >= tail ? rows(at - tail) : null;
  for (let i = 0; i < out.length; i++) {
    let sum = sums[i];
    if (added) sum = round(sum + added[i]);
    if (dropped) sum = round(sum - dropped[i]);
    sums[i] = sum;
    out[i] = sum / count;
  }
}

function lumaRow(rgba, from, out) {
  for (let i = 0, at = from; i < out.length; i++, at += 4) {
    out[i] = (rgba[at] * 0.299 + rgba[at + 1] * 0.587) + rgba[at + 2] * 0.114;
  }
}

// Rows of luma, from the first to the last; the picture is asked for a stripe at a time.
function* lumaRows(width, height, stripe) {
  const luma = new Float32Array(width);
  for (let first = 0; first < height; first += STRIPE) {
    const count = Math.min(STRIPE, height - first), rgba = stripe(first, count);
    for (let n = 0; n < count; n++) {
      lumaRow(rgba, n * width * 4, luma);
      yield luma;
    }
  }
}

// 64×64 grey values. Of the picture, only as many rows as the window is high are ever held.
function downscale(width, height, stripe) {
  const lumas = lumaRows(width, height, stripe), grey = new Float32Array(SIDE * SIDE);
  if (width === SIDE && height === SIDE) {
    for (let n = 0; n < SIDE; n++) grey.set(lumas.next().value, n * SIDE);
    return grey;
  }
  const across = boxOf(width), down = boxOf(height), columns = centresOf(width), places = centresOf(height);
  const ring = Array.from({ length: down.lead + down.tail + 1 }, () => new Float32Array(width));
  const ringRow = (n) => ring[n % ring.length];
  const sums = new Float32Array(width), row = new Float32Array(width), blurred = new Float32Array(width);
  const narrow = new Float32Array(height * SIDE);
  for (let at = 0, ready = 0; at < height; at++) {
    while (ready < Math.min(at + down.lead + 1, height)) blurRow(lumas.next().value, across, ringRow(ready++));
    blurColumns(sums, ringRow, at, down, row);
    blurRow(row, across, blurred);
    for (let k = 0; k < SIDE; k++) narrow[at * SIDE + k] = blurred[columns[k]];
  }
  const narrowRow = (n) => narrow.subarray(n * SIDE, (n + 1) * SIDE);
  const narrowSums = new Float32Array(SIDE), last = new Float32Array(SIDE);
  for (let at = 0, sample = 0; at < height; at++) {
    blurColumns(narrowSums, narrowRow, at, down, last);
    for (; sample < SIDE && places[sample] === at; sample++) grey.set(last, sample * SIDE);
  }
  return grey;
}

const COSINES = Float32Array.from({ length: ORDERS * SIDE }, (_, i) => {
  const order = Math.floor(i / SIDE) + 1, at = i % SIDE;
  return round(Math.sqrt(2 / SIDE)) * Math.cos((Math.PI / 2 / SIDE) * order * (2 * at + 1));
});

// 16×16: orders 1 to 16 of the cosines, down and across. Each sum takes its 64 products in order.
function transform(grey) {
  const half = new Float32Array(ORDERS * SIDE), whole = new Float32Array(ORDERS * ORDERS);
  for (let order = 0; order < ORDERS; order++) {
    for (let column = 0; column < SIDE; column++) {
      let sum = 0;
      for (let row = 0; row < SIDE; row++)
        sum = round(sum + round(COSINES[order * SIDE + row] * grey[row * SIDE + column]));
      half[order * SIDE + column] = sum;
    }
    for (let across = 0; across < ORDERS; across++) {
      let sum = 0;
      for (let column = 0; column < SIDE; column++)
        sum = round(sum + round(half[order * SIDE + column] * COSINES[across * SIDE + column]));
      whole[order * ORDERS + across] = sum;
    }
  }
  return whole;
}

function qualityOf(grey) {
  let total = 0;
  const step = (one, other) => Math.abs(Math.trunc(round(round(round(grey[one] - grey[other]) * 100) / 255)));
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const at = row * SIDE + column;
      if (row + 1 < SIDE) total += step(at, at + SIDE);
      if (column + 1 < SIDE) total += step(at, at + 1);
    }
  }
  return Math.min(Math.floor(total / 90), 100);
}

// A one where a coefficient is above the lower median; the highest order is written first.
function bits(coefficients) {
  const median = coefficients.slice().sort()[coefficients.length / 2 - 1];
  let text = "";
  for (let at = coefficients.length - 1; at > 0; at -= 4) {
    let digit = 0;
    for (let n = 0; n < 4; n++) digit = 2 * digit + (coefficients[at - n] > median ? 1 : 0);
    text += digit.toString(16);
  }
  return text;
}

// What can have been done to a picture, and how its coefficients before that follow from those after it: signs
// of every second one changed down or across, then transposed. See transform.py, whose names these are.
const UNDO = {
  "rotated-90": { across: true, transpose: true },
  "rotated-180": { down: true, across: true },
  "rotated-270": { down: true, transpose: true },
  mirrored: { across: true },
  "mirrored-rotated-90": { down: true, across: true, transpose: true },
  "mirrored-rotated-180": { down: true },
  "mirrored-rotated-270": { transpose: true },
};

function undo(coefficients, { down = false, across = false, transpose = false }) {
  return Float32Array.from(coefficients, (_, i) => {
    const ahead = Math.floor(i / ORDERS), aside = i % ORDERS;
    const row = transpose ? aside : ahead, column = transpose ? ahead : aside;
    // Row and column 0 hold order 1, which is odd.
    const minus = (down && row % 2 === 0) !== (across && column % 2 === 0);
    return (minus ? -1 : 1) * coefficients[row * ORDERS + column];
  });
}

function beforeOf(coefficients) {
  return Object.fromEntries(Object.entries(UNDO).map(([done, how]) => [done, bits(undo(coefficients, how))]));
}

/**
 * @param {number} width of the picture in pixels
 * @param {number} height of the picture in pixels
 * @param {(first: number, count: number) => Uint8ClampedArray} stripe gives the RGBA bytes of some whole rows
 * @returns {{hash: string, quality: number, before: Object<string, string>}} 64 hexadecimal digits; how much
 *   there is to see, 0 to 100: below 50 a hash may not be matched; and for all seven ways in which somebody may
 *   have turned or mirrored the picture, the hash that it had before
 */
export function pdqHash(width, height, stripe) {
  if (Math.min(width, height) < LEAST_SIDE) {
    const hash = "0".repeat((ORDERS * ORDERS) / 4);
    return { hash, quality: 0, before: Object.fromEntries(Object.keys(UNDO).map((done) => [done, hash])) };
  }
  const grey = downscale(width, height, stripe), coefficients = transform(grey);
  return { hash: bits(coefficients), quality: qualityOf(grey), before: beforeOf(coefficients) };
}
