// The file field says in the page's language what was chosen; the whole frame takes a dropped file.
function show(input, names) {
  const chosen = [...input.files].map((file) => file.name);
  names.textContent = chosen.join(", ") || names.dataset.fileNames;
  names.toggleAttribute("data-chosen", chosen.length > 0);
}

export function startFilePickers() {
  for (const names of document.querySelectorAll("[data-file-names]")) {
    const input = names.parentElement.querySelector("input");
    const refresh = () => show(input, names);
    input.dataset.quiet = "";
    names.hidden = false;
    input.addEventListener("change", refresh);
    // A page may hand a file over by script, and a page from the history keeps what was chosen.
    document.addEventListener("drop", () => setTimeout(refresh));
    addEventListener("pageshow", refresh);
    refresh();
  }
}
