// A ring that runs down. At zero it fires "countdown:end" on itself; a page may listen and fetch the next code.
// Setting data-countdown anew (and firing "countdown:restart") starts it again.
function run(element) {
  const ring = element.querySelector(".countdown__ring");
  const number = element.querySelector("[data-countdown-number]");
  let timer = 0;

  function start() {
    clearInterval(timer);
    const total = Number(element.dataset.countdown);
    const endsAt = performance.now() + total * 1000;
    const draw = () => {
      const left = Math.max(0, endsAt - performance.now());
      number.textContent = String(Math.ceil(left / 1000));
      ring.setAttribute("stroke-dashoffset", String(100 - (left / (total * 1000)) * 100));
      if (left > 0) return;
      clearInterval(timer);
      element.dispatchEvent(new CustomEvent("countdown:end", { bubbles: true }));
    };
    timer = setInterval(draw, 250);
    draw();
  }

  element.addEventListener("countdown:restart", start);
  start();
}

export function startCountdowns() {
  for (const element of document.querySelectorAll("[data-countdown]")) run(element);
}
