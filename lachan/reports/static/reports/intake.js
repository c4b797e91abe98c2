// Makes the form kinder where scripts run; everything works without.
// Sending is web/send.js, proof of work web/proof.js.
(() => {
  "use strict";
  const form = document.getElementById("intake");
  if (!form) return;

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
})();
