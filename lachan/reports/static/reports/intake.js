// Makes the form kinder where scripts run; everything works without.
const form = document.getElementById("intake");
const SENT = "lachan-sent";

// Proof of work in the background, so that sending does not wait for it.
function work() {
  let worker;
  try {
    worker = new Worker(form.dataset.worker, { type: "module" });
  } catch {
    return; // without it the report waits in a slower queue when it is busy
  }
  worker.onmessage = (event) => {
    form.elements.work.value = event.data;
    worker.terminate();
  };
  worker.onerror = () => worker.terminate();
  worker.postMessage(form.elements.form.value);
}

// After a step is chosen, the keyboard and the screen reader begin at its head.
function walk() {
  const step = document.querySelector(".step:target");
  if (!step) return;
  step.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

async function send(event) {
  if (event.submitter?.name === "language") return;
  event.preventDefault();
  const button = document.getElementById("send");
  if (button.disabled) return;
  const words = button.textContent;
  button.disabled = true;
  button.textContent = button.dataset.busy;
  document.getElementById("trouble").hidden = true;
  try {
    // A page that fails to load would take the form away: ask first whether there is a connection.
    await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(15000) });
    form.submit();
    // The form's token makes a second sending harmless, should the first one have got stuck.
    setTimeout(() => restore(button, words), 20000);
  } catch {
    document.getElementById("trouble").hidden = false;
    restore(button, words);
  }
}

function restore(button, words) {
  button.disabled = false;
  button.textContent = words;
}

if (form) {
  work();
  window.addEventListener("hashchange", walk);
  form.addEventListener("submit", send);
  document.getElementById("faults")?.focus();
  // Once the receipt was shown, "back" must find an empty form: somebody else may press it.
  window.addEventListener("pageshow", () => {
    if (!sessionStorage.getItem(SENT)) return;
    sessionStorage.removeItem(SENT);
    form.reset();
    for (const field of form.querySelectorAll("textarea, input[name=contact]")) field.value = "";
    for (const choice of form.querySelectorAll("input[type=radio]")) choice.checked = false;
    window.location.replace(window.location.pathname);
  });
}
