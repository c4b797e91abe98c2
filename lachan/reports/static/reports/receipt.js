// Copy and print, where scripts run. The digits go to the clipboard only when the child asks for it.
(() => {
  "use strict";
  const receipt = document.getElementById("receipt");
  if (!receipt) return;
  const copy = document.getElementById("copy");
  const told = document.getElementById("told");
  document.getElementById("tools").hidden = false;
  document.getElementById("print").addEventListener("click", () => window.print());
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", () => {
    const digits = receipt.textContent.trim().replace(/\s+/g, " ");
    navigator.clipboard.writeText(digits).then(() => {
      told.textContent = copy.getAttribute("data-done");
    });
  });
})();
