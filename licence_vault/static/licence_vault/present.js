// Keeps the screen awake while a code is shown, and asks for the next code when this one has lapsed.
const renew = document.querySelector("[data-presentation-renew]");

async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // Not allowed, or not here: the code works all the same.
  }
}

if (renew) {
  document.addEventListener("countdown:end", () => {
    if (document.visibilityState === "visible") renew.requestSubmit();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") stayAwake();
  });
  stayAwake();
}
