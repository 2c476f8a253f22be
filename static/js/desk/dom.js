// Small helpers over the document: words, pieces and keyed lists.

const words = new Map();

/** Reads the page's words once: the server renders them in the reader's language. */
export function readWords() {
  const template = document.getElementById('desk-words');
  for (const item of template.content.querySelectorAll('[data-key]')) {
    words.set(item.dataset.key, item.textContent.trim());
  }
}

/** The words for a key, with {name} parts filled in; a missing key shows itself. */
export function word(key, parts = {}) {
  const text = words.get(key) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in parts ? String(parts[name]) : whole));
}

/** Whether the page has words for a key. */
export function hasWord(key) {
  return words.has(key);
}

/** The element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Clones a piece; returns its root with `parts`, the elements marked with data-part. */
export function piece(name) {
  const root = byId(`piece-${name}`).content.firstElementChild.cloneNode(true);
  root.parts = {};
  for (const element of root.querySelectorAll('[data-part]')) root.parts[element.dataset.part] = element;
  return root;
}

/** Sets text only when it differs, so that screen readers and selections are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const marked = new WeakMap();

/** Sets a text in which each of `found` is marked, as it stands in it and in its order. */
export function setMarked(element, text, found) {
  if (!found?.length) {
    // A text that is sent after all is the same, without its marks.
    if (marked.delete(element)) element.textContent = text;
    else setText(element, text);
    return;
  }
  const wanted = JSON.stringify([text, found]);
  if (marked.get(element) === wanted) return;
  marked.set(element, wanted);
  const nodes = [];
  let at = 0;
  for (const what of found) {
    const start = text.indexOf(what, at);
    if (start < 0) continue;
    const mark = document.createElement('mark');
    mark.dataset.said = word('marked');
    mark.textContent = what;
    nodes.push(text.slice(at, start), mark);
    at = start + what.length;
  }
  element.replaceChildren(...nodes, text.slice(at));
}

/** Shows or hides an element. */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/**
 * Draws items into a list, one element a key. Elements are kept and moved only when the order
 * changed: the focus must survive every push from the server.
 */
export function drawList(list, items, keyOf, make, fill) {
  const old = new Map();
  for (const element of list.children) old.set(element.dataset.key, element);
  let place = list.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = old.get(key);
    if (element) {
      old.delete(key);
    } else {
      element = make(item);
      element.dataset.key = key;
    }
    fill(element, item);
    if (element === place) {
      place = place.nextElementSibling;
    } else {
      while (place && old.has(place.dataset.key) && place.nextElementSibling === element) {
        old.delete(place.dataset.key);
        const gone = place;
        place = place.nextElementSibling;
        gone.remove();
      }
      if (element === place) place = place.nextElementSibling;
      else list.insertBefore(element, place);
    }
  }
  for (const element of old.values()) element.remove();
}

/** Whether the counsellor is writing or choosing somewhere: then plain keys are text. */
export function isField(element) {
  return Boolean(element?.closest?.('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]'));
}

/** Says something to screen readers; the same words twice are said twice. */
export function announce(text, urgent = false) {
  const region = byId(urgent ? 'say-now' : 'say-politely');
  const line = document.createElement('p');
  line.textContent = text;
  region.append(line);
  while (region.children.length > 5) region.firstElementChild.remove();
}
