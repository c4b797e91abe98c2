// Quick exit: the page is replaced, so that "back" does not lead here. Escape twice does the same.
const link = document.getElementById("leave");
let last = 0;

function leave(event) {
  event?.preventDefault();
  document.body.replaceChildren();
  document.title = "";
  window.location.replace(link.href);
}

link?.addEventListener("click", leave);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (event.timeStamp - last < 1000) leave();
  last = event.timeStamp;
});
// A page that the browser kept aside must not come back with what was written in it; a form that is not sent
// yet must, after a lost connection, and looks after itself (data-keep).
window.addEventListener("pageshow", (event) => {
  if (event.persisted && !document.querySelector("[data-keep]")) window.location.reload();
});
