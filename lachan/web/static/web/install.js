// Puts the worker on the phone of whoever opens this page to install the app, and offers the browser's own button where
// it has one. The steps in words stand there for everybody.
(() => {
  "use strict";
  const button = document.getElementById("install");
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/app-worker.js", { scope: "/" }).catch(() => {
    // Without it the app has no page for a time without a network: all else is the same.
  });
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    button.hidden = false;
    button.addEventListener("click", () => event.prompt());
  });
  window.addEventListener("appinstalled", () => {
    button.hidden = true;
    document.getElementById("installed").hidden = false;
  });
})();
