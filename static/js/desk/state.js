// What the desk knows. Everything shown is drawn from here; the server's answers replace it.

export const STREAMS = ['talk', 'aside'];

export const state = {
  online: false,
  everOnline: false,
  duty: { state: 'away', line: null, capacity: 1 },
  dutyBusy: false,
  offers: new Map(), // chat -> offer, in the order in which they rang
  chats: new Map(), // chat -> chat, in the order in which they were accepted
  queue: [],
  board: {}, // line -> figures, for supervisors
  alerts: [], // {kind, chat, line}, for supervisors
  asked: [], // texts with a way to be reached that a supervisor is to allow
  wrapUps: [],
  wrapUpsLimit: 0, // with so many of them open one place stays free; 0 for never
  wrapping: null, // id of the chat whose wrap-up is in the panel
  open: null, // id of the chat in the middle
  view: 'lists', // which part a narrow screen shows
};

const listeners = [];
let due = false;

/** Calls `draw` after each change. */
export function onChange(draw) {
  listeners.push(draw);
}

/**
 * Says that something changed. Drawing happens once, at the end of the running task; not in an
 * animation frame, for a hidden page has none and must still ring.
 */
export function changed() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    for (const draw of listeners) draw(state);
  });
}

/** A chat as the desk keeps it, made from an item of `resume`. */
export function newChat(item) {
  return {
    ...item,
    talk: [],
    aside: [],
    introduction: null, // what the visitor sent along, above the texts
    introductionOf: null, // the `introduced_at` for which it was asked
    folded: false, // whether it is folded away
    summary: null, // the few lines that both sides write, as the server has them
    earlier: null, // what is shown of an earlier chat: {summary, continues}
    before: null, // the texts of the chat that was cut off, once they are asked for
    besideOf: null, // the `beside` for which summary and earlier were asked
    readUpTo: 0, // highest seq of talk that the visitor has seen
    seen: { talk: 0, aside: 0 }, // highest seq of each stream that was in sight
    told: 0, // highest seq of talk that the server knows we have seen
    unread: item.unread ?? 0,
    typingUntil: 0,
    fate: 'active', // active | ended | moved: the last two wait to be taken off the list
    reason: null,
    drawn: false,
  };
}

/** The chat in the middle, or undefined. */
export function openChat() {
  return state.chats.get(state.open);
}

/** Highest seq known of a stream; streams are gapless, so it is also how many there are. */
export function lastSeq(chat, stream) {
  const texts = chat[stream];
  return texts.length ? texts[texts.length - 1].seq : 0;
}

/** Counts anew what nobody here has seen: texts of the visitor, and of colleagues among staff. */
export function countUnread(chat) {
  const talk = chat.talk.filter((text) => text.author === 'visitor' && text.seq > chat.seen.talk);
  const aside = chat.aside.filter((text) => text.author !== 'counsellor' && text.seq > chat.seen.aside);
  chat.unread = talk.length + aside.length;
}

/** How many chats are still to be described. A letter, which has no minutes, keeps no visitor waiting. */
export function wrapUpsOfChats() {
  return state.wrapUps.filter(({ minutes }) => minutes !== null).length;
}

/** How many chats at once, as the server will say too: paperwork keeps a place free, but not for danger. */
export function places(danger = false) {
  const { capacity } = state.duty;
  const behind = state.wrapUpsLimit > 0 && wrapUpsOfChats() >= state.wrapUpsLimit;
  return behind && !danger ? Math.min(capacity, Math.max(2, capacity - 1)) : capacity;
}

/** Chats that are really going on. */
export function activeChats() {
  return [...state.chats.values()].filter((chat) => chat.fate === 'active');
}
