// "Try a picture": fingerprints are made here and put into the form, where everybody sees what is sent. The file
// input has no name, so that no browser ever sends the file. Without this script the text field does the same.
const form = document.querySelector("#try");
const picture = document.querySelector("#picture");
const turned = document.querySelector("#turned");
const working = document.querySelector("#working");
const field = (name) => form.elements.namedItem(name);
const MOST_BYTES = 64 * 1024 * 1024;

document.querySelector("#chooser").hidden = false;
document.querySelector("#result")?.focus();

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

// Digests of the file's bytes; none where the page did not come over a safe connection.
async function digests(file) {
  if (!globalThis.crypto?.subtle || file.size > MOST_BYTES) return [];
  const bytes = await file.arrayBuffer();
  return Promise.all(["SHA-1", "SHA-256"].map(async (name) => hex(await crypto.subtle.digest(name, bytes))));
}

// {stored, upright, ground, before}, or {error}: see pdq-worker.js.
function pictureHash(file) {
  const worker = new Worker(form.dataset.worker, { type: "module" });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => resolve({ error: "damaged" });
    worker.postMessage({ id: 1, picture: file });
  }).finally(() => worker.terminate());
}

// The lines of a picture: its hashes and, where that is asked for, those that it had before somebody turned it,
// each followed by what was done to it.
function pictureLines({ stored, upright, ground, before }) {
  const lines = new Map([stored, upright, ...(ground ? [ground] : [])].map(({ hash }) => [hash, hash]));
  if (!turned.checked) return [...lines.values()];
  for (const [done, hash] of Object.entries(before)) if (!lines.has(hash)) lines.set(hash, `${hash} ${done}`);
  return [...lines.values()];
}

// A file's lines; of one of several each says which, and the first why it was not compared as a picture, or how
// much there is to see in it.
async function linesOf(file, number) {
  const [seen, bytes] = await Promise.all([pictureHash(file), digests(file)]);
  const note = seen.error ?? `q${seen.upright.quality}`;
  const lines = [...(seen.error ? [] : pictureLines(seen)), ...bytes];
  return { seen, lines: lines.map((line, at) => `${line} #${number}${at ? "" : `:${note}`}`) };
}

// Their names stay on this device: the page that answers numbers them.
const NAMES = "try-names";

function namesShow() {
  let names = [];
  try {
    names = JSON.parse(sessionStorage.getItem(NAMES)) ?? [];
    sessionStorage.removeItem(NAMES);
  } catch {
    return; // a browser that keeps nothing: numbers will do
  }
  for (const place of document.querySelectorAll("[data-file]")) {
    const name = names[place.dataset.file - 1];
    if (name) place.textContent = name;
  }
}

namesShow();

form.addEventListener("submit", async (event) => {
  const files = [...picture.files];
  if (!files.length) return;
  event.preventDefault();
  working.hidden = false;
  const each = [];
  for (const [at, file] of files.entries()) each.push(await linesOf(file, at + 1));
  const [{ seen }] = each, alone = each.length === 1;
  field("values").value = each.flatMap(({ lines }) => lines).join("\n");
  field("quality").value = !alone || seen.error ? "" : seen.upright.quality;
  field("reason").value = alone ? seen.error ?? "" : "";
  try {
    sessionStorage.setItem(NAMES, JSON.stringify(files.map(({ name }) => name)));
  } catch {
    // see above
  }
  picture.value = ""; // so that the next sending asks for what stands in the field
  form.requestSubmit();
});
