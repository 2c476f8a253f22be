// In a frame of ours: what is pressed here counts for the page around it, whose quick exit takes all of that away.

const around = window.parent === window ? null : window.parent.document;

for (const kind of ['keydown', 'keyup']) {
  document.addEventListener(kind, (event) => {
    around?.dispatchEvent(new KeyboardEvent(kind, { key: event.key, repeat: event.repeat }));
  });
}
document.addEventListener('pointerdown', () => around?.dispatchEvent(new Event('pointerdown')));
