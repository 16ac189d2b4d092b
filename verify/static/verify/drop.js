// A file may be dropped anywhere on the page; the chosen file's name shows in the field itself.
const field = document.querySelector("[data-drop]");

function take(event) {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (event.type === "drop" && file) field.files = event.dataTransfer.files;
}

if (field) {
  document.addEventListener("dragover", take);
  document.addEventListener("drop", take);
}
