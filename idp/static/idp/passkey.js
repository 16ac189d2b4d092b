// Passkeys (WebAuthn Level 3). A form marked data-passkey="get|create" holds the options; the browser's answer is put
// into its field `credential`, and the form is sent like any other. data-autofill: also offer passkeys where the user
// name is typed. Without scripts, or without passkeys, the forms stay hidden and the other ways are there.
const fromBase64 = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), each => each.charCodeAt(0));
const toBase64 = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function read(text) {
  const options = JSON.parse(text);
  options.challenge = fromBase64(options.challenge);
  if (options.user) options.user.id = fromBase64(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials])
    for (const each of list ?? []) each.id = fromBase64(each.id);
  return options;
}

function write(credential) {
  const { response } = credential;
  const said = { clientDataJSON: toBase64(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (response[name]) said[name] = toBase64(response[name]);
  if (response.getTransports) said.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id, rawId: toBase64(credential.rawId), type: credential.type, response: said,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

let waiting = null;

async function ask(form, mediation) {
  waiting?.abort();
  const controller = waiting = new AbortController();
  const request = { publicKey: read(form.dataset.options), signal: controller.signal };
  if (mediation) request.mediation = mediation;
  const status = form.querySelector("[data-passkey-status]");
  try {
    const credential = form.dataset.passkey === "create"
      ? await navigator.credentials.create(request) : await navigator.credentials.get(request);
    if (!credential) return;
    form.elements.credential.value = write(credential);
    form.submit();
  } catch (failure) {
    if (controller.signal.aborted) return;
    if (!mediation && status) status.textContent =
      failure.name === "InvalidStateError" ? form.dataset.known ?? form.dataset.failed : form.dataset.failed;
    if (!mediation) startAutofill();
  }
}

async function startAutofill() {
  const form = document.querySelector("form[data-passkey][data-autofill]");
  if (!form || !PublicKeyCredential.isConditionalMediationAvailable) return;
  if (await PublicKeyCredential.isConditionalMediationAvailable()) ask(form, "conditional");
}

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const part of document.querySelectorAll("[data-needs-passkeys]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-without-passkeys]")) part.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", event => {
      event.preventDefault();
      ask(form);
    });
  }
  startAutofill();
}
