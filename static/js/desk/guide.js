// The right column: ticks of the conversation guide, and help entries for the text.
import { insert } from './composer.js';
import { byId, show } from './dom.js';
import { keep, kept } from './keep.js';
import { changed, onChange, openChat, state } from './state.js';
import { danger } from './words.js';

let shown = null;

/** Wires the guide. */
export function startGuide() {
  byId('steps').addEventListener('change', () => {
    const chat = openChat();
    if (!chat) return;
    keep(`steps.${chat.chat}`, boxes().filter((box) => box.checked).map((box) => box.value));
    drawSteps();
  });
  byId('help-list')?.addEventListener('click', (event) => {
    const text = event.target.closest('[data-help]')?.dataset.help;
    if (!text) return;
    state.view = 'chat';
    changed();
    // The field is shown by the drawing that follows; then it can take the words.
    queueMicrotask(() => insert(text));
  });
  onChange(draw);
}

const boxes = () => [...byId('steps').querySelectorAll('input')];

function drawSteps() {
  const next = openChat() ? boxes().find((box) => !box.checked) : null;
  for (const box of boxes()) {
    box.closest('li').classList.toggle('current', box === next);
    box.closest('li').classList.toggle('ticked', box.checked);
  }
}

function draw() {
  const chat = openChat();
  const active = chat?.fate === 'active';
  byId('danger-card').classList.toggle('urgent', Boolean(active) && danger(chat) === 'yes');
  for (const entry of document.querySelectorAll('#help-list > li')) {
    // An entry that a line's visitors must not see is not offered for their chat.
    show(entry, !active || entry.dataset.lines.split(' ').includes(chat.line));
    show(entry.querySelector('[data-help]'), Boolean(active));
  }
  const now = chat?.chat ?? null;
  if (shown === now && boxes()[0].disabled === !active) return;
  shown = now;
  const ticked = chat ? kept(`steps.${chat.chat}`, []) : [];
  for (const box of boxes()) {
    box.checked = ticked.includes(box.value);
    box.disabled = !active;
  }
  drawSteps();
}
