// What a supervisor has to see at once: it stands until somebody has the chat, or until it is closed here.
import { word } from './dom.js';
import { canTake } from './lists.js';
import { dismiss, notice } from './notices.js';
import { accept } from './offers.js';
import { chime } from './ring.js';
import { changed, onChange, state } from './state.js';
import { lineName } from './words.js';

const closed = new Set(); // 'kind chat' of what was closed here
const shown = new Map(); // key of a bar -> what it says

const idOf = ({ kind, chat }) => `${kind} ${chat}`;

/** Starts showing alerts. */
export function startAlerts() {
  onChange(draw);
}

/** An alert was pushed. */
export function alerted(alert) {
  if (state.alerts.some((one) => idOf(one) === idOf(alert))) return;
  state.alerts.push(alert);
  closed.delete(idOf(alert));
  chime();
  changed();
}

/** Takes over the alerts that still stand, from `resume`. */
export function takeAlerts(alerts) {
  if (alerts) state.alerts = alerts;
}

function wording(kind, line, alerts) {
  const key = alerts.length > 1 && kind === 'danger' ? 'alerts.danger' : `alert.${kind}`;
  return word(key, { line: lineName(line), n: alerts.length });
}

/** The bar is gone once it is pressed; it comes back when the chat can't be had. */
function take(key, chat) {
  shown.delete(key);
  accept(chat);
}

/** One bar for all alerts of a kind on a line; the one that waits longest can be taken from there. */
function drawBar(key, alerts) {
  const [{ kind, line }] = alerts;
  const waiting = state.queue.find((item) => alerts.some(({ chat }) => chat === item.chat) && canTake(item));
  const text = wording(kind, line, alerts);
  const said = `${text} ${waiting?.chat}`;
  if (shown.get(key) === said) return;
  shown.set(key, said);
  notice(key, text, {
    kind: 'danger',
    action: waiting ? { text: word('take-it'), run: () => take(key, waiting.chat) } : null,
    closed: () => {
      for (const alert of alerts) closed.add(idOf(alert));
      shown.delete(key);
    },
  });
}

function draw() {
  const bars = new Map();
  for (const alert of state.alerts) {
    const key = `alert ${alert.kind} ${alert.line}`;
    if (!closed.has(idOf(alert))) bars.set(key, [...(bars.get(key) ?? []), alert]);
  }
  for (const key of shown.keys()) {
    if (bars.has(key)) continue;
    dismiss(key);
    shown.delete(key);
  }
  for (const [key, alerts] of bars) drawBar(key, alerts);
}
