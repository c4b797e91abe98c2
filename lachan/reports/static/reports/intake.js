// Makes the form kinder where scripts run; everything works without. Sending is web/send.js.
(() => {
  "use strict";
  const form = document.getElementById("intake");
  if (!form) return;

  // Proof of work in the background, so that sending does not wait for it.
  function work() {
    const worker = new Worker(form.getAttribute("data-worker"));
    worker.onmessage = (event) => {
      form.elements.work.value = event.data;
      worker.terminate();
    };
    worker.onerror = () => worker.terminate();
    worker.postMessage(form.elements.form.value);
  }

  // After a step is chosen, the keyboard and the screen reader begin at its head. Where all steps stand on one
  // page, the browser has gone to it already.
  function walk() {
    const step = document.querySelector(".step:target");
    if (!step) return;
    step.focus();
    const others = document.querySelectorAll(".step:not(:target)");
    if (!others[0].offsetHeight) window.scrollTo(0, 0);
  }

  // The calls stand there for everybody at first, and for whoever is in danger.
  function advise() {
    const advice = document.querySelector(".danger-advice");
    advice.hidden = !form.querySelector("[value=danger]").checked;
  }

  advise();
  form.addEventListener("change", advise);
  window.addEventListener("pageshow", advise);
  window.addEventListener("hashchange", walk);
  const faults = document.getElementById("faults");
  if (faults) faults.focus();
  try {
    work();
  } catch (fault) {
    // without it the report waits in a slower queue when it is busy
  }
})();
