// Duty: what I am doing now, on which line, and how many chats at once.
import { byId, setText, word } from './dom.js';
import { Refused, ask } from './link.js';
import { dismiss, dismissAll, notice } from './notices.js';
import { activeChats, changed, onChange, state } from './state.js';
import { problem } from './words.js';

/** Wires the duty controls in the bar. */
export function startDuty() {
  byId('duty').addEventListener('click', (event) => {
    const chosen = event.target.closest('[data-duty]')?.dataset.duty;
    if (chosen) change({ state: chosen });
  });
  byId('duty-line')?.addEventListener('change', (event) => change({ line: event.target.value }));
  byId('capacity-less').addEventListener('click', () => step(-1));
  byId('capacity-more').addEventListener('click', () => step(1));
  onChange(draw);
}

/** At most as many chats at once as the account allows. */
const most = () => Number(byId('main').dataset.most);

function step(by) {
  const capacity = state.duty.capacity + by;
  if (capacity >= 1 && capacity <= most()) change({ capacity });
}

/** The line to serve: the one of the duty, else the one that is chosen or the only one. */
function line() {
  return state.duty.line ?? byId('duty-line')?.value ?? byId('main').dataset.line ?? null;
}

async function change(part) {
  if (state.dutyBusy) return;
  const wanted = { state: state.duty.state, line: line(), capacity: state.duty.capacity, ...part };
  state.dutyBusy = true;
  changed();
  try {
    const answer = await ask('duty', wanted);
    state.duty = { state: answer.state, line: answer.line, capacity: answer.capacity };
    dismiss('duty');
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice('duty', problem('duty', error.code), { kind: 'danger' });
  } finally {
    state.dutyBusy = false;
    changed();
  }
}

/** Chooses this state, as the button in the bar does. */
export function takeDuty(chosen) {
  return change({ state: chosen });
}

/** The server changed the duty by itself: say so clearly, with its reason. */
export function dutyPushed({ why, ...duty }) {
  const before = state.duty.state;
  // Our own change comes back to all our tabs, to this one before its answer.
  const own = why === 'other_tab' && state.dutyBusy;
  state.duty = { ...state.duty, ...duty };
  changed();
  if (own) return;
  if (why === 'other_tab') {
    if (before !== state.duty.state) notice('duty', word('duty-why.other_tab', { duty: word(`duty.${state.duty.state}`) }), { seconds: 10 });
  } else if (why) {
    if (why === 'missed_offers') dismissAll('offer '); // this bar tells of them all
    notice('duty', word(`duty-why.${why}`, { duty: word(`duty.${state.duty.state}`) }), {
      kind: 'danger',
      action: { text: word('available-again'), run: () => change({ state: 'available' }) },
    });
  }
}

function draw() {
  const { duty } = state;
  for (const button of byId('duty').children) {
    button.setAttribute('aria-pressed', String(state.everOnline && button.dataset.duty === duty.state));
    button.disabled = !state.online;
  }
  byId('duty').toggleAttribute('data-busy', state.dutyBusy);
  const choice = byId('duty-line');
  if (choice) {
    choice.disabled = !state.online;
    if (duty.line && choice.value !== duty.line && document.activeElement !== choice) choice.value = duty.line;
  }
  byId('capacity-less').disabled = !state.online || duty.capacity <= 1;
  byId('capacity-more').disabled = !state.online || duty.capacity >= most();
  setText(byId('load'), word('load', { n: activeChats().length, max: duty.capacity }));
}
