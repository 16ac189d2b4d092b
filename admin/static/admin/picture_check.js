// Shows a picture that was chosen for a licence, and says at once what the service thinks of it.
for (const place of document.querySelectorAll('[data-picture]')) {
  const input = place.querySelector('input[type="file"]');
  const shown = place.querySelector('[data-picture-shown]');
  const said = place.querySelector('[data-picture-said]');
  const form = input.form;

  input.addEventListener('change', async () => {
    said.replaceChildren();
    if (shown.src.startsWith('blob:')) URL.revokeObjectURL(shown.src);
    const [file] = input.files;
    if (!file) return;
    shown.src = URL.createObjectURL(file);
    shown.hidden = false;
    const data = new FormData();
    data.set('csrf_token', form.elements.namedItem('csrf_token').value);
    data.set('type', form.elements.namedItem('type').value);
    data.set('field', input.name);
    data.set('picture', file);
    let answer;
    try {
      answer = await fetch('/console/licences/new/picture', { method: 'POST', body: data });
    } catch {
      return; // no connection: it is checked when the form is sent
    }
    if (input.files[0] !== file || !answer.headers.get('content-type')?.includes('json')) return;
    const told = await answer.json();
    const texts = told.texts ?? (told.detail ? [told.detail] : []);
    shown.hidden = told.fits !== true;
    said.replaceChildren(...texts.map(text => Object.assign(document.createElement('li'), { textContent: text })));
    said.classList.toggle('picture-check__said--wrong', told.fits !== true);
  });
}
