// Where the visitor writes: sending by key or button, the limit, and telling that somebody types.
// What is half written lives in the field alone and goes with the page: nothing of it may be on the disk, and a question
// before closing would hold up whoever closes the page because somebody comes in.
import { counted, word } from './words.js';

const TYPING_EVERY_MS = 3000;
const TYPING_OFF_MS = 4000;

const form = document.getElementById('composer');
const field = document.getElementById('body');
const error = document.getElementById('composer-error');
const limit = Number(document.getElementById('room').dataset.max);

let typingSince = 0;
let typingOff;
let checking;

function showError(text) {
  if (error.textContent !== text) error.textContent = text;
  if (text) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
}

/** How many characters too long, as the server counts them. */
function over(text) {
  return [...text].length - limit;
}

function tooLong(text) {
  return counted('over_one', 'over_many', over(text));
}

/** What is in the field and would be lost with it. */
export function draft() {
  return field?.value.trim() ?? '';
}

/** Puts a text back into the field, before whatever is there; `why` says what is wrong with it. */
export function putBack(text, why = '') {
  field.value = field.value.trim() ? `${text}\n${field.value}` : text;
  resize();
  showError(over(field.value) > 0 ? tooLong(field.value) : why);
  field.focus();
}

// Only for browsers that cannot let the field grow with its text by themselves.
function resize() {
  if (window.CSS?.supports('field-sizing', 'content')) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + 2}px`;
}

/** Starts the composer. `send(body)` gets each text, `type(on)` hears that the visitor types. */
export function start(send, type) {
  if (!form) return;

  function stopTyping() {
    clearTimeout(typingOff);
    if (typingSince) type(false);
    typingSince = 0;
  }

  function submit() {
    const body = field.value.trim();
    if (!body) {
      showError(word('empty'));
      return;
    }
    if (over(body) > 0) {
      showError(tooLong(body));
      return;
    }
    showError('');
    stopTyping();
    field.value = '';
    resize();
    send(body);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
    field.focus();
  });

  // With a real keyboard Enter sends; on a touch screen it is a new line, and the button sends.
  const keyboard = window.matchMedia('(hover: hover) and (pointer: fine)');
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !keyboard.matches) return;
    event.preventDefault();
    submit();
  });

  field.addEventListener('input', () => {
    resize();
    clearTimeout(checking);
    if (error.textContent || over(field.value) > 0) {
      checking = setTimeout(() => showError(over(field.value) > 0 ? tooLong(field.value) : ''), 500);
    }
    clearTimeout(typingOff);
    if (!field.value.trim()) {
      stopTyping();
      return;
    }
    typingOff = setTimeout(stopTyping, TYPING_OFF_MS);
    if (Date.now() - typingSince < TYPING_EVERY_MS) return;
    typingSince = Date.now();
    type(true);
  });
  field.addEventListener('blur', stopTyping);
  resize();
}
