// Finds a number so that SHA-256("challenge:number") begins with the wanted zero bits (FIPS 180-4).
// Its own SHA-256, because crypto.subtle costs one promise a hash and is missing on plain http.
"use strict";
const K = new Uint32Array(64);
const TWO_32 = 4294967296;
const FIRST = new Uint32Array(8);

// The constants are the fractional parts of the cube and square roots of the first primes.
for (let n = 2, found = 0; found < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
  if (!prime) continue;
  if (found < 8) FIRST[found] = (Math.sqrt(n) % 1) * TWO_32;
  K[found++] = (Math.cbrt(n) % 1) * TWO_32;
}

const words = new Uint32Array(64);

function block(state, bytes, offset) {
  for (let i = 0; i < 16; i++) {
    const at = offset + 4 * i;
    words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15], y = words[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = words[i - 16] + s0 + words[i - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  const next = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] += next[i];
}

function sha256(text) {
  const plain = new TextEncoder().encode(text);
  const padded = new Uint8Array(((plain.length + 8) >> 6 << 6) + 64);
  padded.set(plain);
  padded[plain.length] = 0x80;
  new DataView(padded.buffer).setUint32(padded.length - 4, plain.length * 8);
  const state = Uint32Array.from(FIRST);
  for (let offset = 0; offset < padded.length; offset += 64) block(state, padded, offset);
  return state;
}

function zeros(state) {
  for (let i = 0; i < 8; i++) if (state[i]) return 32 * i + Math.clz32(state[i]);
  return 256;
}

self.onmessage = (event) => {
  const challenge = event.data;
  const wanted = Number(challenge.split(".")[1]);
  for (let n = 0; ; n++) {
    if (zeros(sha256(`${challenge}:${n}`)) >= wanted) {
      self.postMessage(String(n));
      return;
    }
  }
};
