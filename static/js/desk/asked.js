// Texts with a way to be reached: the counsellor asks for one, a supervisor reads it and allows it or not.
import { announce, byId, drawList, piece, setMarked, setText, show, word } from './dom.js';
import { Refused, ask } from './link.js';
import { notice } from './notices.js';
import { adopt, again, withdrawn } from './outbox.js';
import { chime } from './ring.js';
import { changed, onChange, state } from './state.js';
import { lineName } from './words.js';

const read = new Map(); // id -> the text with its words, once it was looked at here
const wrong = new Map(); // id -> why the last press did nothing
const closed = new Set();

let keepSummary = () => {};

/** Starts showing what supervisors are asked; `summaryAsked(chat, item)` is told of a summary in a chat of ours. */
export function startAsked(summaryAsked) {
  keepSummary = summaryAsked;
  onChange(draw);
}

const isMine = (item) => state.chats.get(item.chat)?.fate === 'active';
const own = (text) => state.asked.find((item) => item.chat === text.chat && item.stream === text.stream && item.body === text.body);
const isSummary = ({ stream }) => stream === 'summary';
/** The key of a word that summaries have one of their own for. */
const wordOf = (item, key) => `asked.${isSummary(item) ? 'summary-' : ''}${key}`;

/** Takes over all that stands, from `resume`; what is gone from it was sent, taken back, or is over. */
export function takeAsked(items = []) {
  state.asked = items;
  const standing = new Set(items.map(({ asked }) => asked));
  for (const id of [...read.keys()]) if (!standing.has(id)) read.delete(id);
  withdrawn((item) => item.asked && !standing.has(item.asked));
  for (const item of items) keepText(item);
}

/** One that is asked in a chat of ours stands below its texts, whichever tab or colleague typed it. */
function keepText(item) {
  if (item.body === null || !isMine(item)) return;
  if (isSummary(item)) keepSummary(state.chats.get(item.chat), item);
  else adopt(state.chats.get(item.chat), item);
}

/** How one of them stands now. */
export function askedPushed(item) {
  const before = state.asked.find(({ asked }) => asked === item.asked);
  state.asked = state.asked.filter(({ asked }) => asked !== item.asked);
  if (item.answer === 'gone') {
    withdrawn((text) => text.asked === item.asked);
  } else {
    state.asked.push(item);
    keepText(item);
    if (isMine(item) && item.answer !== 'open' && before?.answer !== item.answer) {
      const name = item.name;
      notice(`asked ${item.chat}`, word(wordOf(item, item.answer), { name }), { kind: item.answer === 'allowed' ? 'good' : 'waiting', seconds: 30 });
      announce(word(wordOf(item, item.answer), { name }));
    } else if (!isMine(item) && item.answer === 'open' && !before) {
      chime();
    }
  }
  changed();
}

/** What a refused text of the counsellor's own can be done with, and what is said of it. */
export function standing(text) {
  if (!text.found?.length) return null;
  return own(text)?.answer ?? 'found';
}

/** The counsellor asks a supervisor for a refused text; `retry` sends it once more where nothing in it is refused now. */
export async function askFor(text, retry = () => again(text.client_id)) {
  if (!text) return;
  try {
    askedPushed(await ask('ask', { chat: text.chat, stream: text.stream, body: text.body }));
    announce(word('asked.waits'));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code === 'invalid') retry(); // an entry has it by now
    else notice(`ask ${text.client_id}`, word('asked.failed'), { kind: 'danger', seconds: 20 });
  }
}

/** The counsellor changes the text or throws it away: nobody has to answer any more. */
export async function takeBack(text) {
  const item = own(text);
  if (!item) return;
  state.asked = state.asked.filter((one) => one !== item);
  try {
    await ask('take_back', { asked: item.asked });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

/** What is asked of the summary of a chat of ours is asked no longer: another version is saved, or none is wanted. */
export function takeBackSummaries({ chat }) {
  for (const item of state.asked) if (item.chat === chat && isSummary(item) && item.body !== null) takeBack(item);
}

async function press(item, event) {
  wrong.delete(item.asked);
  try {
    const answer = await ask(event, { asked: item.asked });
    if (event === 'look') read.set(item.asked, answer);
    else askedPushed({ ...answer, body: null, found: null });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    wrong.set(item.asked, word(['taken', 'not_found', 'wrong_state'].includes(error.code) ? 'asked.late' : 'asked.failed'));
  }
  changed();
}

function make(item) {
  const element = piece('asked');
  for (const event of ['look', 'allow', 'refuse']) {
    element.parts[event].addEventListener('click', () => press(item, event));
  }
  element.parts.close.addEventListener('click', () => {
    closed.add(item.asked);
    changed();
  });
  return element;
}

function fill({ parts }, item) {
  const text = read.get(item.asked);
  setText(parts.who, word(wordOf(item, 'open'), { by: item.by, line: lineName(item.line), name: item.name }));
  setMarked(parts.body, text?.body ?? '', text?.found);
  setText(parts.found, text ? word('asked.found', { found: text.found?.join(', ') ?? '' }) : '');
  setText(parts.problem, wrong.get(item.asked) ?? '');
  for (const part of ['body', 'found', 'allow', 'refuse']) show(parts[part], Boolean(text));
  setText(parts.look, word(wordOf(item, 'look')));
  show(parts.look, !text);
}

function draw() {
  const open = state.asked.filter((item) => item.answer === 'open' && !isMine(item) && !closed.has(item.asked));
  drawList(byId('asked-list'), open, ({ asked }) => asked, make, fill);
}
