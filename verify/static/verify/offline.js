// The offline page: reads a QR text, checks its signature with the keys at hand, says what was signed.
import { day, readClaims, standing } from "./claims.js";
import { SignatureProblem, verifySigned } from "./cose.js";

const MARKS = { holds: "valid", expired: "expired", early: "pending", broken: "revoked", unknown: "unknown", none: "unknown" };
const SHOWN = ["type", "issuer", "holder", "number", "valid_from", "valid_to", "issued_at", "key_owner", "identifier"];

const words = JSON.parse(document.querySelector("[data-words]").content.textContent);
const form = document.querySelector("[data-offline-form]");
const place = document.querySelector("[data-offline-result]");
let trust = JSON.parse(document.getElementById("trust").textContent);

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function show(result, facts) {
  const verdict = make("section", `verdict verdict--${MARKS[result]}`);
  const shape = document.querySelector(`[data-shape="${MARKS[result]}"]`).content.cloneNode(true);
  verdict.append(shape, make("h2", "verdict__title", words[result]), make("p", "lead", words[`${result}_text`]));
  const parts = [verdict];
  if (facts) parts.push(describe(facts));
  place.replaceChildren(...parts);
  place.scrollIntoView({ block: "start" });
}

function describe(facts) {
  const list = make("dl", "description");
  for (const name of SHOWN.filter((each) => facts[each])) {
    const row = make("div");
    const value = facts[name] instanceof Date ? day(facts[name]) : String(facts[name]);
    row.append(make("dt", "", words[name]), make("dd", "", value));
    list.append(row);
  }
  return list;
}

function signedPart(text) {
  const compact = text.replace(/\s/g, "");
  const hash = compact.indexOf("#");
  return hash >= 0 ? compact.slice(hash + 1) : "";
}

async function check(event) {
  event.preventDefault();
  const signed = signedPart(form.elements.qr.value);
  if (!signed) return show("none");
  try {
    const { claims, key } = await verifySigned(signed, trust.qr_keys);
    const facts = { ...readClaims(claims), key_owner: key.issuer };
    return show(standing(facts, new Date()), facts);
  } catch (problem) {
    return show(problem instanceof SignatureProblem ? problem.kind : "unknown");
  }
}

function showKeys() {
  const date = trust.issued_at ? day(new Date(trust.issued_at)) : "—";
  document.querySelector("[data-offline-keys]").textContent = words.keys.replace("{count}", trust.qr_keys.length).replace("{date}", date);
}

async function useKeys(event) {
  const [file] = event.target.files;
  if (!file) return;
  try {
    const given = JSON.parse(await file.text());
    const keys = Array.isArray(given) ? given : given.qr_keys;
    trust = { issued_at: given.issued_at ?? null, qr_keys: keys.filter((key) => key.kid && key.spki) };
    showKeys();
  } catch {
    event.target.value = "";
  }
}

form.addEventListener("submit", check);
document.getElementById("field-keys").addEventListener("change", useKeys);
showKeys();
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/verify/offline/worker.js").catch(() => {});
