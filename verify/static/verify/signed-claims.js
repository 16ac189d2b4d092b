// The part of a QR code after “#” never reaches the server: the browser checks it here, against the published keys.
import { SignatureProblem, verifySigned } from "./cose.js";

async function check(place) {
  const fragment = location.hash.slice(1);
  if (!/^[A-Za-z2-7]{32,}$/.test(fragment)) return;
  let result = "unknown";
  try {
    const answer = await fetch(place.dataset.trustList, { cache: "no-store" });
    if (answer.ok) {
      await verifySigned(fragment, (await answer.json()).qr_keys);
      result = "holds";
    }
  } catch (problem) {
    if (problem instanceof SignatureProblem) result = problem.kind;
  }
  place.dataset.result = result;
  place.textContent = place.dataset[result];
  place.hidden = false;
}

const place = document.querySelector("[data-signed-claims]");
if (place) check(place);
