// The queue by keyboard: j k Enter c ?. The page works without this file; nothing here knows more than
// the page shows. Single keys can be turned off (WCAG 2.2, 2.1.4), since speech input types them by itself.
const table = document.querySelector("#queue tbody");
const dialog = document.querySelector("#keys");
const button = document.querySelector("#keys-button");
const toggle = document.querySelector("#keys-on");
const STORE = "lachan.cases.keys";

let on = true;
try {
  on = localStorage.getItem(STORE) !== "off";
} catch {
  // storage is closed to this page: the keys stay on for this visit
}
toggle.checked = on;
toggle.addEventListener("change", () => {
  on = toggle.checked;
  try {
    localStorage.setItem(STORE, on ? "on" : "off");
  } catch {
    // as above
  }
});

button.hidden = false;
button.addEventListener("click", () => dialog.showModal());

const rows = table ? [...table.rows] : [];
const current = () => rows.findIndex((row) => row.contains(document.activeElement));

function go(step) {
  if (!rows.length) return;
  const at = current();
  const to = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[to].querySelector("a").focus();
  rows[to].scrollIntoView({ block: "nearest" });
}

table?.addEventListener("focusin", (event) => {
  for (const row of rows) row.classList.toggle("chosen", row.contains(event.target));
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
  if (!on || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const acts = {
    j: () => go(1),
    k: () => go(-1),
    c: () => rows[current()]?.querySelector("form")?.requestSubmit(),
    "?": () => dialog.showModal(),
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
});
