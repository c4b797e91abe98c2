// Asks the browser for messages, and sends where they go to the page's own form. Where it has none, or its owner says
// no, the page says so, and requests are found on opening.
(() => {
  "use strict";
  const form = document.getElementById("push");
  const said = document.getElementById("push-said");
  const button = form.querySelector("button");
  if (!("serviceWorker" in navigator) || !window.PushManager) return;
  button.disabled = false;

  function bytes(text) {
    const plain = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    const found = new Uint8Array(plain.length);
    for (let i = 0; i < plain.length; i++) found[i] = plain.charCodeAt(i);
    return found;
  }

  function no() {
    said.textContent = form.getAttribute("data-no");
    button.disabled = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    const key = form.getAttribute("data-key");
    navigator.serviceWorker
      .register("/app-worker.js", { scope: "/" })
      .then(() => navigator.serviceWorker.ready)
      .then((found) =>
        found.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) })
      )
      .then((subscription) => {
        const address = Object.assign(subscription.toJSON(), { key: key });
        document.getElementById("push-address").value = JSON.stringify(address);
        form.submit();
      })
      .catch(no);
  });
})();
