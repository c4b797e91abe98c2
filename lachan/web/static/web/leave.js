// Quick exit. What stands here is gone from the screen at once; the inbox is closed on the server; and the page
// is replaced, so that "back" does not lead here. Escape twice does the same.
(() => {
  "use strict";
  const way = document.getElementById("leave");
  if (!way) return;
  // The inbox is to be closed before somebody types the address; but nobody waits for a slow server.
  const PATIENCE = 400;
  let last = 0;

  function leave() {
    const to = way.getAttribute("href") || way.getAttribute("data-to");
    const end = way.getAttribute("ping") || way.form.getAttribute("action");
    let isGone = false;
    const go = () => {
      if (!isGone) window.location.replace(to); // a second time it would begin anew
      isGone = true;
    };
    try {
      wipe();
    } catch (fault) {
      // what follows matters more
    }
    try {
      close(end, go);
    } catch (fault) {
      go();
    }
  }

  // Fields too: the browser may keep what stood in them, page or no page.
  function wipe() {
    const fields = document.querySelectorAll("textarea, input, select");
    document.body.textContent = "";
    document.title = "…";
    for (let i = 0; i < fields.length; i++) {
      fields[i].checked = false;
      fields[i].value = "";
    }
  }

  function close(end, go) {
    const request = new XMLHttpRequest();
    request.open("POST", end);
    request.onloadend = go;
    request.send();
    window.setTimeout(() => {
      if (request.readyState < 4 && navigator.sendBeacon) navigator.sendBeacon(end); // the other ends with its page
      go();
    }, PATIENCE);
  }

  way.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const now = Date.now();
    if (now - last < 1000) leave();
    last = now;
  });

  // A form that is not sent yet stays as it is when the browser keeps its page aside, and so does one that was
  // refused; every other page must not come back with what was written in it.
  const keeps = () => document.querySelector("[data-keep]");
  window.addEventListener("pagehide", () => {
    if (!keeps()) document.body.hidden = true;
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && !keeps()) window.location.replace(window.location.href.split("#")[0]);
  });

  // A page that answered a form would be asked for by sending the form again: whoever goes on from it and comes
  // back gets what the address alone gives.
  function forget() {
    if (!keeps() && window.history.replaceState) window.history.replaceState(null, "", window.location.href);
  }
  document.addEventListener("submit", forget);
  document.addEventListener("click", (event) => {
    const link = event.target.closest ? event.target.closest("a[href]") : null;
    if (link && link.pathname !== window.location.pathname && /^http/.test(link.protocol)) forget();
  });
})();
