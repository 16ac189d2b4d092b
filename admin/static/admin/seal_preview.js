// Draws the picture of a seal while the application is being filled in. Without this, a button does.
const form = document.querySelector('[data-seal-preview]');
if (form) {
  const picture = form.querySelector('[data-preview-picture]');
  const note = form.querySelector('[data-preview-note]');
  const drawn = new Set(['shape', 'name', 'bottom_text', 'middle_text', 'size_mm']);
  let waiting = 0;
  let asked = 0;

  const draw = async () => {
    const mine = ++asked;
    const data = new FormData(form);
    data.delete('picture');
    let answer;
    try {
      answer = await fetch(form.dataset.sealPreview, { method: 'POST', body: data });
    } catch {
      return; // no connection: the button still says so
    }
    if (mine !== asked || !answer.headers.get('content-type')?.startsWith('application/json')) return;
    const { picture: url, detail } = await answer.json();
    note.textContent = detail ?? '';
    if (url) picture.src = url;
    picture.hidden = !url;
  };

  form.addEventListener('input', event => {
    if (!drawn.has(event.target.name)) return;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 400);
  });
  if (form.elements.namedItem('name').value && picture.hidden) draw();
}
