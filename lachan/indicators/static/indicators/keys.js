// Tables by keyboard: j k / n ?. The pages work without this file. Single keys can be turned off (WCAG 2.2,
// 2.1.4), since speech input types them by itself.
const STORE = "lachan.indicators.keys";
const rows = [...(document.querySelector("#rows tbody")?.rows ?? [])];
const dialog = document.querySelector("#keys");
const toggle = document.querySelector("#keys-on");
const button = document.querySelector("#keys-button");

function stored() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true; // storage is closed to this page: the keys stay on for this visit
  }
}

toggle.checked = stored();
toggle.addEventListener("change", () => {
  try {
    localStorage.setItem(STORE, toggle.checked ? "on" : "off");
  } catch {
    // as above
  }
});
button.hidden = false;
button.addEventListener("click", () => dialog.showModal());

function go(step) {
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const to = at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1);
  for (const row of rows) row.classList.toggle("chosen", row === rows[to]);
  rows[to].querySelector("a").focus();
  rows[to].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
  if (!toggle.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const acts = {
    j: () => go(1),
    k: () => go(-1),
    "/": () => document.querySelector("[data-find]")?.focus(),
    n: () => document.querySelector("[data-key=n]")?.click(),
    "?": () => dialog.showModal(),
  };
  if (!Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  acts[event.key]();
});
