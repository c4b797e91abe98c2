// Copy and print, where scripts run. The digits go to the clipboard only when the child asks for it.
const receipt = document.getElementById("receipt");
sessionStorage.setItem("lachan-sent", "1");

if (receipt) {
  document.getElementById("tools").hidden = false;
  const copy = document.getElementById("copy");
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(receipt.textContent.trim().replace(/\s+/g, " "));
    document.getElementById("told").textContent = copy.dataset.done;
  });
  document.getElementById("print").addEventListener("click", () => window.print());
}
