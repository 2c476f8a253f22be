// Texts of a chat: what arrives, what is missing, what has been read.
import { announce, byId, word } from './dom.js';
import { Refused, ask } from './link.js';
import { notice } from './notices.js';
import { STREAMS, changed, countUnread, lastSeq, newChat, openChat, state } from './state.js';
import { takeSummary } from './summary.js';

const ROUNDS = 100; // of one catching-up; a guard against a server that never says 'that is all'
const catching = new Map(); // 'chat stream' -> running catch-up
let confirmed = () => {};

/** Calls `tellOutbox(client_id)` for each text that turns out to be stored. */
export function onStored(tellOutbox) {
  confirmed = tellOutbox;
}

/** Puts texts into their stream; returns false when one before them is missing. */
function add(chat, stream, texts) {
  for (const text of texts) {
    if (text.client_id) confirmed(text.client_id);
    const known = lastSeq(chat, stream);
    if (text.seq <= known) continue;
    if (text.seq > known + 1) return false;
    chat[stream].push({ ...text, stream });
  }
  return true;
}

/** Asks for everything after the last known text of a stream, until nothing is left. */
export function catchUp(chat, stream) {
  const key = `${chat.chat} ${stream}`;
  if (!catching.has(key)) {
    catching.set(key, fetchAll(chat, stream).finally(() => catching.delete(key)));
  }
  return catching.get(key);
}

async function fetchAll(chat, stream) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const after = lastSeq(chat, stream);
    const { beside, introduced_at: introduced } = chat;
    let answer;
    try {
      answer = await ask('sync', { chat: chat.chat, stream, after });
    } catch (error) {
      // Without an answer the next ping brings us back here; a refusal is told by `resume`.
      if (error instanceof Refused) return;
      throw error;
    }
    add(chat, stream, answer.messages);
    countUnread(chat);
    markRead();
    if (stream === 'talk') {
      learnRead(chat, answer.read);
      takeSummary(chat, answer.summary);
      Object.assign(chat, {
        introduction: answer.introduction, introductionOf: introduced, earlier: answer.earlier, besideOf: beside,
      });
    }
    changed();
    if (lastSeq(chat, stream) === after) return;
  }
}

function learnRead(chat, read) {
  if (read > chat.readUpTo) chat.readUpTo = read;
}

/** A text pushed by the server. */
export function textPushed(text) {
  const chat = state.chats.get(text.chat);
  if (!chat) return;
  const { stream } = text;
  const fresh = text.seq > lastSeq(chat, stream);
  if (!add(chat, stream, [text])) catchUp(chat, stream);
  if (fresh && text.author === 'visitor') {
    chat.typingUntil = 0;
    chat.peer = 'here';
  }
  const others = text.author === 'visitor' || (stream === 'aside' && text.author !== 'counsellor');
  if (fresh && others && isInSight(chat)) {
    announce(`${word(stream === 'aside' ? 'only-staff' : 'visitor')}: ${text.body}`);
  }
  countUnread(chat);
  markRead();
  changed();
}

/** A text of ours was stored: shown at once, without waiting for its push. */
export function storedText(item, seq) {
  const chat = state.chats.get(item.chat);
  if (!chat) return;
  const text = {
    seq, client_id: item.client_id, author: 'counsellor', body: item.body, sent_at: new Date(item.at).toISOString(),
  };
  if (!add(chat, item.stream, [text])) catchUp(chat, item.stream);
  changed();
}

/** The visitor has read up to a text. */
export function readPushed(push) {
  const chat = state.chats.get(push.chat);
  if (!chat) return;
  learnRead(chat, push.seq);
  changed();
}

/** The visitor sent something along while the chat goes on. */
export function introductionPushed({ chat: id, text }) {
  const chat = state.chats.get(id);
  if (!chat) return;
  Object.assign(chat, { introduction: text, folded: false });
  const said = word('introduced', { name: chat.name });
  if (isInSight(chat)) announce(said);
  else notice(`introduced ${id}`, said, { kind: 'good', seconds: 20 });
  changed();
}

/** The visitor types, or stopped. */
export function typingPushed({ chat: id, on }) {
  const chat = state.chats.get(id);
  if (!chat) return;
  // A stop that got lost must not leave them typing for ever.
  chat.typingUntil = on ? Date.now() + 8000 : 0;
  changed();
}

/** Whether the counsellor can see this chat now. */
function isInSight(chat) {
  // On narrow screens another part may stand in its place; what is not laid out has no parent.
  return state.open === chat.chat && !document.hidden && byId('open-chat').offsetParent !== null;
}

/** Tells the server what has been seen of the open chat. */
export async function markRead() {
  const chat = openChat();
  if (!chat || !isInSight(chat)) return;
  for (const stream of STREAMS) chat.seen[stream] = Math.max(chat.seen[stream], lastSeq(chat, stream));
  chat.unread = 0;
  const { talk } = chat.seen;
  if (chat.fate !== 'active' || talk <= chat.told) return;
  const before = chat.told;
  chat.told = talk;
  try {
    await ask('read', { chat: chat.chat, seq: talk });
  } catch {
    chat.told = before; // told again with the next text or ping
  }
}

/** Takes over the list of chats from `resume`; returns the chats that are no longer ours. */
export function takeChats(items) {
  const listed = new Set();
  const moved = [];
  for (const item of items) {
    listed.add(item.chat);
    const chat = state.chats.get(item.chat);
    const { unread, ...facts } = item;
    if (!chat) state.chats.set(item.chat, newChat(item));
    else Object.assign(chat, facts, { fate: 'active', reason: null });
    const mine = state.chats.get(item.chat);
    const read = item.last_seq.talk - unread;
    mine.told = Math.max(mine.told, read);
    mine.seen.talk = Math.max(mine.seen.talk, read);
    if (!mine.drawn) mine.seen.aside = item.last_seq.aside;
    // What came beside the texts while hints got lost has a moment and a number of its own.
    if (mine.drawn && (mine.introduced_at !== mine.introductionOf || mine.beside !== mine.besideOf)) catchUp(mine, 'talk');
    for (const stream of STREAMS) {
      if (!mine.drawn || (item.last_seq?.[stream] ?? 0) > lastSeq(mine, stream)) catchUp(mine, stream);
    }
    mine.drawn = true;
  }
  for (const chat of state.chats.values()) {
    if (!listed.has(chat.chat) && chat.fate === 'active') moved.push(chat);
  }
  markRead();
  return moved;
}
