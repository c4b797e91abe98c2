// "Try a picture": fingerprints are made here and put into the form, where everybody sees what is sent. The file
// input has no name, so that no browser ever sends the file. Without this script the text field does the same.
const form = document.querySelector("#try");
const picture = document.querySelector("#picture");
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

// {stored, upright}, or {error}: see pdq-worker.js.
function pictureHash(file) {
  const worker = new Worker(form.dataset.worker, { type: "module" });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => resolve({ error: "damaged" });
    worker.postMessage({ id: 1, picture: file });
  }).finally(() => worker.terminate());
}

form.addEventListener("submit", async (event) => {
  const file = picture.files[0];
  if (!file) return;
  event.preventDefault();
  working.hidden = false;
  const [seen, bytes] = await Promise.all([pictureHash(file), digests(file)]);
  const hashes = seen.error ? [] : [...new Set([seen.stored.hash, seen.upright.hash])];
  field("values").value = [...hashes, ...bytes].join("\n");
  field("quality").value = seen.error ? "" : seen.upright.quality;
  field("reason").value = seen.error ?? "";
  picture.value = ""; // so that the next sending asks for what stands in the field
  form.requestSubmit();
});
