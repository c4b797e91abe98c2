// Reads the page aloud for who reads with difficulty. By a voice of the device's own alone: others send what stands on
// the page to their maker. Where there is none in the page's language the button stays away.
(() => {
  "use strict";
  const button = document.getElementById("aloud");
  const speech = window.speechSynthesis;
  if (!button || !speech) return;
  const label = button.textContent;
  const language = document.documentElement.lang;

  function voice() {
    const all = speech.getVoices();
    for (let i = 0; i < all.length; i++) {
      if (all[i].localService && all[i].lang.slice(0, 2) === language) return all[i];
    }
    return null;
  }

  function show() {
    button.hidden = !voice();
  }

  function stop() {
    speech.cancel();
    button.textContent = label;
  }

  show();
  speech.onvoiceschanged = show; // some know their voices later
  button.addEventListener("click", () => {
    if (speech.speaking) return stop();
    const words = new window.SpeechSynthesisUtterance(document.getElementById("main").innerText);
    words.voice = voice();
    words.lang = language;
    words.onend = stop;
    button.textContent = button.getAttribute("data-stop");
    speech.speak(words);
  });
  // Nobody is read to from a page that was left.
  window.addEventListener("pagehide", stop);
})();
