// Proof of work in the background, so that sending does not wait for it; without it the form waits in a slower
// queue when it is busy.
(() => {
  "use strict";
  const form = document.querySelector("form[data-worker]");
  if (!form) return;
  try {
    const worker = new Worker(form.getAttribute("data-worker"));
    worker.onmessage = (event) => {
      form.elements.work.value = event.data;
      worker.terminate();
    };
    worker.onerror = () => worker.terminate();
    worker.postMessage(form.elements.form.value);
  } catch (fault) {
    // as without scripts
  }
})();
