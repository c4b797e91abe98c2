// Keeps what was typed until the server has it: a page that fails to load would take it away. The form is sent in
// the background first, and then the ordinary way, for the page that answers it. So only a form that may be sent
// twice wears `data-send`: its one-time token makes the second sending the same as the first.
(() => {
  "use strict";
  const form = document.querySelector("form[data-send]");
  if (!form) return;
  const trouble = document.getElementById("trouble");
  const PATIENCE = 60000;
  let isUnderWay = false;

  function press(event) {
    const button = event.currentTarget;
    if (!isUnderWay) {
      // The browser says what is missing.
      if (!form.noValidate && !button.formNoValidate && !form.checkValidity()) return;
      try {
        send(button);
      } catch (fault) {
        return; // the browser sends it by itself
      }
    }
    event.preventDefault();
  }

  function send(button) {
    let data;
    withButton(button, () => {
      data = new FormData(form);
    });
    const request = new XMLHttpRequest();
    request.open("POST", form.getAttribute("action"));
    request.timeout = PATIENCE;
    const label = button.textContent;
    request.onload = () => {
      // Somebody else may answer in our place, with whatever status: a portal, a filter, a proxy.
      if (!request.getResponseHeader("Lachan-Answer")) return stay(button, label, "data-line");
      if (request.status >= 500) return stay(button, label, "data-full");
      try {
        if (request.status < 300 && !button.name) sent();
      } catch (fault) {
        // the page that answers matters more
      }
      withButton(button, () => form.submit());
      // Should it have got stuck, it may be pressed again.
      window.setTimeout(() => restore(button, label), 20000);
    };
    request.onerror = request.ontimeout = () => stay(button, label, "data-line");
    request.send(data);
    isUnderWay = true;
    trouble.hidden = true;
    button.disabled = true;
    button.textContent = button.getAttribute("data-busy") || label;
  }

  // "Back" finds an empty page from now on: somebody else may press it.
  function sent() {
    form.removeAttribute("data-keep");
    window.history.replaceState(null, "", window.location.pathname);
  }

  // Neither sending by a script says which button was pressed.
  function withButton(button, act) {
    const choice = document.createElement("input");
    choice.type = "hidden";
    choice.name = button.name; // without a name it is not sent
    choice.value = button.value;
    form.appendChild(choice);
    try {
      act();
    } finally {
      form.removeChild(choice);
    }
  }

  function stay(button, label, why) {
    trouble.textContent = trouble.getAttribute(why);
    trouble.hidden = false;
    restore(button, label);
  }

  function restore(button, label) {
    isUnderWay = false;
    button.disabled = false;
    button.textContent = label;
  }

  for (let i = 0; i < form.elements.length; i++) {
    if (form.elements[i].type === "submit") form.elements[i].addEventListener("click", press);
  }
})();
