// What must outlive a reload, kept in this tab's sessionStorage and never sent: drafts, ticks, unsent texts.

/** Reads a kept value, or `otherwise` when there is none or storage is switched off. */
export function kept(name, otherwise) {
  try {
    const text = sessionStorage.getItem(`desk.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Keeps a value; an empty one is forgotten. */
export function keep(name, value) {
  try {
    const empty = value === '' || value === null || (Array.isArray(value) && !value.length);
    if (empty) sessionStorage.removeItem(`desk.${name}`);
    else sessionStorage.setItem(`desk.${name}`, JSON.stringify(value));
  } catch {
    // Full or switched off: the page itself still holds the text.
  }
}

/** A habit of this person on this device, such as which keys they use; it outlives the tab. */
export function habit(name, otherwise) {
  try {
    return localStorage.getItem(`desk.${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Keeps a habit where the browser allows it. */
export function keepHabit(name, value) {
  try {
    localStorage.setItem(`desk.${name}`, value);
  } catch {
    // Then it holds for this page only.
  }
}

/** The chats for which a draft is kept. */
export function chatsWithDrafts() {
  try {
    const names = Object.keys(sessionStorage).map((name) => /^desk\.draft\.(.+)\.(?:talk|aside|summary)$/.exec(name)?.[1]);
    return [...new Set(names.filter(Boolean))];
  } catch {
    return [];
  }
}

/** Forgets what was kept for a chat that is over. */
export function forgetChat(chat) {
  for (const what of ['talk', 'aside', 'summary']) keep(`draft.${chat}.${what}`, null);
  for (const what of ['stream', 'steps', 'summary']) keep(`${what}.${chat}`, null);
}

/** Forgets all of it: signing out leaves nothing behind on a shared computer. */
export function forgetAll() {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith('desk.')) sessionStorage.removeItem(name);
    }
  } catch {
    // Nothing could be kept, so nothing is left.
  }
}
