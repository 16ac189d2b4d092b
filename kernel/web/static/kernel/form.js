// The error summary takes focus; its links go to the field; a form is sent once.
function focusField(event) {
  const link = event.target.closest('a[href^="#field-"]');
  const target = link && document.getElementById(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  const input = target.matches("fieldset") ? target.querySelector("input") : target;
  input.focus();
  target.scrollIntoView({ block: "center" });
}

function sendOnce(event) {
  const form = event.target;
  if (form.dataset.sent && !event.defaultPrevented) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 4000);
}

export function startForms() {
  const summary = document.querySelector("[data-error-summary]");
  if (summary) {
    summary.focus();
    summary.addEventListener("click", focusField);
  }
  for (const form of document.querySelectorAll('form[method="post"]')) form.addEventListener("submit", sendOnce);
}
