// What stands above a chat from before it: the summary of last time, the texts of a chat that was cut off. Folded, since
// someone may look over the counsellor's shoulder too.
import { announce, byId, setText, show, word } from './dom.js';
import { Refused, ask } from './link.js';
import { notice } from './notices.js';
import { changed, onChange, openChat, state } from './state.js';
import { clock, longDay } from './time.js';

let shown = null; // the texts that stand in the list

/** Wires the panel; `inSight(chat)` says whether the counsellor looks at a chat. */
export function startEarlier() {
  fold('earlier-summary', (chat) => { chat.summaryUnfolded = !chat.summaryUnfolded; });
  fold('earlier-texts', (chat) => {
    chat.beforeUnfolded = !chat.beforeUnfolded;
    if (chat.beforeUnfolded) fetchBefore(chat);
  });
  onChange(draw);
}

/** Each chat remembers for itself what is unfolded. */
function fold(id, turn) {
  byId(id).querySelector('summary').addEventListener('click', (event) => {
    event.preventDefault();
    turn(openChat());
    changed();
  });
}

/** The server pushed what stands above a chat. */
export function earlierPushed({ chat: id, ...earlier }) {
  const chat = state.chats.get(id);
  if (!chat) return;
  chat.earlier = earlier;
  const said = word('earlier.came', { name: chat.name });
  if (state.open === id && !document.hidden) announce(said);
  else notice(`earlier ${id}`, said, { kind: 'good', seconds: 20 });
  changed();
}

/** Asked for by a press only: that it was read is noted. */
async function fetchBefore(chat) {
  if (Array.isArray(chat.before) || chat.before === 'loading') return;
  chat.before = 'loading';
  changed();
  try {
    chat.before = (await ask('earlier', { chat: chat.chat })).messages;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    chat.before = error.code === 'not_found' ? 'gone' : 'failed';
  }
  changed();
}

function makeText(text, previous, zone) {
  const item = document.createElement('li');
  item.className = `before-text ${text.author}`;
  if (previous && previous.part !== text.part) item.classList.add('part');
  const who = document.createElement('span');
  who.className = 'text-who';
  // Not 'you': it may have been a colleague.
  const name = word(text.author === 'counsellor' ? 'earlier.counsellor' : `author.${text.author}`);
  who.textContent = `${name} · ${clock(text.sent_at, zone)}`;
  const body = document.createElement('p');
  body.className = 'text-body';
  body.textContent = text.body;
  item.append(who, body);
  return item;
}

function drawBefore(chat) {
  const texts = Array.isArray(chat.before) ? chat.before : [];
  const told = Array.isArray(chat.before) ? '' : word(`earlier.${chat.before ?? 'loading'}`);
  setText(byId('earlier-told'), chat.beforeUnfolded ? told : '');
  if (shown === texts) return;
  shown = texts;
  byId('earlier-list').replaceChildren(...texts.map((text, place) => makeText(text, texts[place - 1], chat.time_zone)));
  show(byId('earlier-list'), texts.length > 0);
}

function draw() {
  const chat = openChat();
  const { summary = null, continues = false } = chat?.earlier ?? {};
  show(byId('earlier'), Boolean(summary) || continues);
  if (!summary && !continues) {
    if (shown?.length) byId('earlier-list').replaceChildren();
    shown = null;
    return;
  }
  setText(byId('earlier-reminder'), word(summary ? 'earlier.with-code' : 'earlier.reminder'));
  show(byId('earlier-summary'), Boolean(summary));
  setText(byId('earlier-day'), summary ? word('earlier.summary', { day: longDay(summary.day) }) : '');
  setText(byId('earlier-text'), summary?.text ?? '');
  byId('earlier-summary').open = Boolean(chat.summaryUnfolded);
  show(byId('earlier-texts'), continues);
  byId('earlier-texts').open = Boolean(chat.beforeUnfolded);
  drawBefore(chat);
}
