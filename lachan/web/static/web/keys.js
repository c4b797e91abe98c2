// Tables by keyboard. The page works without this file, and nothing here knows more than the page shows:
//   j k                    walk the rows of the table with data-rows
//   [data-row-key="c"]     in a row: its form is sent by c
//   [data-key="n"]         anywhere: pressed by n; an input gets the focus
//   ?                      the help, <dialog id="keys">
// Single keys can be turned off (WCAG 2.2, 2.1.4), since speech input types them by itself.
const STORE = "lachan.keys";
const rows = [...(document.querySelector("[data-rows] tbody")?.rows ?? [])];
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

const current = () => rows.findIndex((row) => row.contains(document.activeElement));

function go(step) {
  if (!rows.length) return;
  const at = current();
  const start = step > 0 ? 0 : rows.length - 1;
  const to = at < 0 ? start : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[to].querySelector("a").focus();
  rows[to].scrollIntoView({ block: "nearest" });
}

for (const row of rows) {
  row.addEventListener("focusin", () => rows.forEach((one) => one.classList.toggle("chosen", one === row)));
}

function press(key) {
  const name = CSS.escape(key);
  const form = rows[current()]?.querySelector(`[data-row-key="${name}"]`);
  const thing = document.querySelector(`[data-key="${name}"]`);
  if (form) form.requestSubmit();
  else if (thing?.matches("input")) thing.focus();
  else thing?.click();
  return Boolean(form || thing);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
  if (!toggle.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (event.key === "?") dialog.showModal();
  else if (event.key.length > 1 || !press(event.key)) return;
  event.preventDefault();
});
