// How many letters wait, and how many of them too long: in the menu and on the board, asked for each minute.
import { byId, setText, show, word } from './dom.js';
import { changed, state } from './state.js';

const EVERY_MS = 60000;

/** Begins to ask. */
export function startLetters() {
  refresh();
  setInterval(refresh, EVERY_MS);
}

async function refresh() {
  try {
    const answer = await fetch(byId('board').dataset.letters, { headers: { Accept: 'application/json' } });
    if (!answer.ok) return;
    state.letters = await answer.json();
  } catch {
    return; // the next minute asks again
  }
  const overdue = Object.values(state.letters).reduce((sum, line) => sum + line.overdue, 0);
  for (const badge of document.querySelectorAll('[data-overdue]')) {
    setText(badge.querySelector('[data-number]'), String(overdue));
    show(badge, overdue > 0);
  }
  changed();
}

/** The cell of a line on the board: all that wait, and how many of them are late. */
export function fillLetters(cell, line) {
  const here = state.letters?.[line];
  show(cell, Boolean(here));
  if (!here) return;
  setText(cell, here.overdue ? word('board.letters-late', { n: here.open, late: here.overdue }) : word('board.letters', { n: here.open }));
  cell.classList.toggle('late', here.overdue > 0);
}
