// The offline page: reads a QR code, checks its signature and status with the trust pack at hand, says what was signed.
import { day } from "./claims.js";
import { judge } from "./judging.js";
import { loadPack, packAge, readPack } from "./pack.js";
import { readPicture, watchCamera } from "./scan.js";

const MARKS = { valid: "valid", holds: "pending", expired: "expired", early: "pending", revoked: "revoked", suspended: "suspended", superseded: "expired", stale: "unknown", no_place: "unknown", broken: "revoked", unknown: "unknown", none: "unknown", not_a_code: "unknown" };
const SHOWN = ["type", "issuer", "holder", "number", "valid_from", "valid_to", "issued_at", "key_owner", "identifier"];

const words = JSON.parse(document.querySelector("[data-words]").content.textContent);
const form = document.querySelector("[data-offline-form]");
const place = document.querySelector("[data-offline-result]");
const video = document.querySelector("[data-offline-camera]");
let pack = readPack(JSON.parse(document.getElementById("trust").textContent));
let stopCamera = null;

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function moment(date) {
  return new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Shanghai" }).format(date);
}

function age(hours) {
  return hours < 48 ? fill(words.hours, { n: hours }) : fill(words.days, { n: Math.floor(hours / 24) });
}

function show(verdict) {
  const { result, facts, of, hours } = verdict;
  const section = make("section", `verdict verdict--${MARKS[result]}`);
  section.dataset.verdict = result;
  const shape = document.querySelector(`[data-shape="${MARKS[result]}"]`).content.cloneNode(true);
  const values = { age: hours === undefined ? "" : age(hours), time: of ? moment(of) : "" };
  section.append(shape, make("h2", "verdict__title", fill(words[result], values)), make("p", "lead", fill(words[`${result}_text`], values)));
  const parts = [section];
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

async function check(text) {
  try {
    show(await judge(text, pack, new Date()));
  } catch {
    show({ result: "unknown" });
  }
}

function showPack() {
  const told = packAge(pack, new Date());
  const values = { count: pack.qr_keys.length, date: told.keys ? moment(told.keys) : "—", lists: pack.status_lists.length };
  const hours = told.lists === null ? null : Math.max(0, Math.floor((Date.now() - told.lists) / 3600000));
  document.querySelector("[data-offline-keys]").textContent = fill(words.keys, values);
  document.querySelector("[data-offline-lists]").textContent =
    told.lists === null ? words.no_lists : fill(words.lists, { ...values, time: moment(told.lists), age: age(hours) });
}

async function usePackFile(event) {
  const [file] = event.target.files;
  if (!file) return;
  try {
    pack = readPack(JSON.parse(await file.text()));
    showPack();
  } catch {
    event.target.value = "";
  }
}

async function usePicture(event) {
  const [file] = event.target.files;
  if (!file) return;
  try {
    const text = /^text\//.test(file.type) ? await file.text() : await readPicture(file);
    if (!text) return show({ result: "not_a_code" });
    form.elements.qr.value = text.trim();
    await check(text);
  } catch {
    show({ result: "not_a_code" });
  }
}

async function toggleCamera(event) {
  if (stopCamera) {
    stopCamera();
    stopCamera = null;
    video.hidden = true;
    return;
  }
  try {
    video.hidden = false;
    stopCamera = await watchCamera(video, (text) => {
      stopCamera = null;
      video.hidden = true;
      form.elements.qr.value = text;
      check(text);
    });
  } catch {
    video.hidden = true;
    event.target.disabled = true;
    document.querySelector("[data-offline-no-camera]").hidden = false;
  }
}

// The address that a code of signed claims alone leads to brings them behind “#”.
function checkAddress() {
  const signed = location.hash.slice(1);
  if (!/^[A-Za-z2-7]{32,}$/.test(signed)) return;
  form.elements.qr.value = `${location.origin}/v#${signed}`;
  check(form.elements.qr.value);
}

async function refresh() {
  try {
    pack = await loadPack(document.getElementById("trust").dataset.pack);
    showPack();
  } catch {
    // No network: what the page brought counts, with its age.
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  check(form.elements.qr.value);
});
document.getElementById("field-keys").addEventListener("change", usePackFile);
document.getElementById("field-picture").addEventListener("change", usePicture);
document.querySelector("[data-offline-scan]").addEventListener("click", toggleCamera);
window.addEventListener("hashchange", checkAddress);
showPack();
refresh().then(checkAddress);
if ("serviceWorker" in navigator && location.protocol !== "file:") navigator.serviceWorker.register("/verify/offline/worker.js").catch(() => {});
