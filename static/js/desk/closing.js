// Ending and handing over: asked once, in the page, never in a window of the browser.
import { byId, setText, show, word } from './dom.js';
import { Refused, ask } from './link.js';
import { notice } from './notices.js';
import { unsent } from './outbox.js';
import { changed, onChange, openChat, state } from './state.js';
import { waitsForYes } from './summary.js';
import { problem } from './words.js';

const PANELS = { 'end-chat': 'ask-end', 'hand-over': 'ask-hand-over' };
let asked = null; // {panel, chat}
let done = () => {};

/** `over(chat, why)` is called when the chat is ours no more: why is 'finished' or 'handed_over'. */
export function startClosing(over) {
  done = over;
  for (const [panel, button] of Object.entries(PANELS)) {
    byId(button).addEventListener('click', () => (asked?.panel === panel ? shut(true) : openPanel(panel)));
    byId(panel).addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      shut(true);
    });
  }
  byId('end-no').addEventListener('click', () => shut(true));
  byId('hand-over-no').addEventListener('click', () => shut(true));
  byId('end-yes').addEventListener('click', end);
  byId('hand-over').addEventListener('change', drawChoice);
  byId('hand-over').addEventListener('submit', (event) => {
    event.preventDefault();
    handOver();
  });
  onChange(() => {
    if (asked && asked.chat !== state.open) shut(false);
    drawWaiting();
    const usable = state.online && openChat()?.fate === 'active';
    for (const button of document.querySelectorAll('#chat-actions button, #end-yes, #hand-over [type=submit]')) {
      button.disabled = !usable;
    }
  });
}

function openPanel(panel) {
  shut(false);
  asked = { panel, chat: state.open };
  show(byId(panel), true);
  byId(PANELS[panel]).setAttribute('aria-expanded', 'true');
  setText(byId('hand-over-error'), '');
  drawChoice();
  drawWaiting();
  byId(panel).querySelector(panel === 'end-chat' ? '#end-yes' : 'input:checked').focus();
}

function shut(back) {
  if (!asked) return;
  const { panel } = asked;
  asked = null;
  show(byId(panel), false);
  byId(PANELS[panel]).setAttribute('aria-expanded', 'false');
  if (back) byId(PANELS[panel]).focus();
}

const chosen = () => byId('hand-over').querySelector('input[name=to]:checked').value;

function drawChoice() {
  show(byId('hand-over-login-field'), chosen() === 'login');
}

// After the end nobody can say yes any more, and the visitor could keep nothing.
function drawWaiting() {
  const chat = openChat();
  show(byId('end-waits'), Boolean(asked && chat && waitsForYes(chat)));
}

async function end() {
  const { chat } = asked ?? {};
  if (!chat) return;
  await run('end', { chat }, 'finished');
}

async function handOver() {
  const { chat } = asked ?? {};
  if (!chat) return;
  const to = chosen() === 'queue' ? 'queue' : byId('hand-over-login').value.trim();
  if (!to) {
    setText(byId('hand-over-error'), word('problem.hand_over.empty'));
    byId('hand-over-login').focus();
    return;
  }
  await run('hand_over', { chat, to }, 'handed_over');
}

async function run(event, payload, why) {
  if (unsent(payload.chat).some((item) => item.state !== 'refused')) {
    notice('unsent', word('problem.unsent'), { kind: 'waiting', seconds: 15 });
    return;
  }
  try {
    await ask(event, payload);
    byId('hand-over-login').value = '';
    shut(false);
    done(payload.chat, why);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (event === 'hand_over') setText(byId('hand-over-error'), problem(event, error.code));
    else notice(event, problem(event, error.code), { kind: 'danger' });
    changed();
  }
}
