// The live board of a supervisor's lines, one row a line.
import { byId, drawList, piece, setText, show, word } from './dom.js';
import { fillLetters } from './letters.js';
import { onTick } from './link.js';
import { changed, onChange, state } from './state.js';
import { waited } from './time.js';
import { lineName } from './words.js';

/** Starts drawing the board; the longest wait grows between two pushes. */
export function startBoard() {
  let beat = 0;
  onChange(draw);
  onTick(() => {
    beat += 1;
    if (beat % 10 === 0) draw();
  });
}

/** Takes the figures of some lines, from a push or from `resume`. */
export function takeBoard(lines = {}) {
  for (const [line, figures] of Object.entries(lines)) {
    state.board[line] = { ...figures, line, since: Date.now() - figures.longest_wait_s * 1000 };
  }
  changed();
}

function fill(element, figures) {
  const { parts } = element;
  const nobody = figures.waiting > 0 && figures.on_duty === 0;
  setText(parts.name, lineName(figures.line));
  setText(parts.waiting, String(figures.waiting));
  setText(parts.longest, figures.waiting ? waited((Date.now() - figures.since) / 1000) : '–');
  setText(parts.active, String(figures.active));
  setText(parts.on_duty, nobody ? word('board.nobody') : String(figures.on_duty));
  setText(parts.missed, String(figures.missed_today));
  fillLetters(parts.letters, figures.line);
  parts.waits.classList.toggle('some', figures.waiting > 0);
  parts.duty.classList.toggle('nobody', nobody);
}

function draw() {
  const lines = Object.values(state.board).sort((a, b) => lineName(a.line).localeCompare(lineName(b.line)));
  drawList(byId('board-lines'), lines, ({ line }) => line, () => piece('board'), fill);
  show(byId('board'), lines.length > 0);
}
