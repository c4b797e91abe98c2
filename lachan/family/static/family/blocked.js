// The list of what did not open, looked at anew while the page is seen. Without it the link "Look again" does the same.
(() => {
  "use strict";
  const EVERY = 4000;
  const place = document.getElementById("blocked-list");
  if (!place) return;

  // Who writes a reason, or reads an older one, is not to lose it.
  function isInUse() {
    const now = document.activeElement;
    return place.querySelector("details[open]") !== null || (now && now.tagName !== "A" && place.contains(now));
  }

  function show(text) {
    const fresh = document.createElement("div");
    fresh.innerHTML = text;
    const next = fresh.querySelector("[data-blocked]");
    const before = place.querySelector("[data-blocked]");
    if (!next || !before) return; // signed out: the page as it stands says more
    if (next.getAttribute("data-blocked") !== before.getAttribute("data-blocked")) place.innerHTML = text;
  }

  function look() {
    if (document.hidden || isInUse()) return;
    const request = new XMLHttpRequest();
    request.open("GET", place.getAttribute("data-from"));
    request.onload = () => {
      if (request.status === 200 && !isInUse()) show(request.responseText);
    };
    request.send();
  }

  window.setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
