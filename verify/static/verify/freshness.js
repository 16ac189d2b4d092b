// A verdict speaks of the moment at which it was asked for: an old page says so.
const place = document.querySelector("[data-old-page]");
const asked = performance.now();
const MINUTE = 60000;

function tell() {
  const minutes = Math.floor((performance.now() - asked) / MINUTE);
  place.hidden = minutes < 2;
  place.querySelector("[data-old-minutes]").textContent = String(minutes);
}

if (place) {
  setInterval(tell, 5000);
  document.addEventListener("visibilitychange", tell);
}
