// The app's worker. Without a network it shows the page that says so, with the numbers to call; it keeps nothing else:
// no page that was read and no word that was written stays on the phone (lachan/web/installing.py). It shows messages
// that were pushed, in the sender's own few words.
(() => {
  "use strict";
  const KEEP = "shell";
  const { shell } = self; // the server says it, in the script that loads this one

  self.addEventListener("install", (event) => {
    self.skipWaiting();
    event.waitUntil(
      caches
        .open(KEEP)
        .then((cache) => Promise.all(shell.map((path) => cache.add(new Request(path, { cache: "reload" })))))
    );
  });

  // What an older worker kept, and this one does not.
  self.addEventListener("activate", (event) => {
    event.waitUntil(
      caches.open(KEEP).then((cache) =>
        cache.keys().then((kept) => {
          const old = kept.filter((one) => shell.indexOf(new URL(one.url).pathname) < 0);
          return Promise.all(old.map((one) => cache.delete(one)));
        })
      )
    );
  });

  self.addEventListener("fetch", (event) => {
    const request = event.request;
    const path = new URL(request.url).pathname;
    if (request.mode === "navigate") {
      event.respondWith(fetch(request).catch(() => caches.match(shell[0])));
    } else if (request.method === "GET" && shell.indexOf(path) > 0) {
      event.respondWith(fetch(request).catch(() => caches.match(path)));
    }
  });

  self.addEventListener("push", (event) => {
    const said = { title: "…", body: "", tag: "lachan", path: "/", badge: 0 };
    try {
      Object.assign(said, event.data.json());
    } catch (fault) {
      // a message without words is shown as it stands above
    }
    event.waitUntil(
      self.registration.showNotification(said.title, { body: said.body, tag: said.tag, data: said.path })
    );
    if (navigator.setAppBadge) navigator.setAppBadge(said.badge);
  });

  self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    // A path of ours, whatever the message says.
    const to = new URL(event.notification.data, self.location.origin);
    if (to.origin === self.location.origin) event.waitUntil(self.clients.openWindow(to.href));
  });
})();
