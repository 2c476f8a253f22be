// A letter's draft is kept while it is written; the button does the same where there are no scripts.
const AFTER_MS = 2000;
const AGAIN_MS = 10000;

const form = document.getElementById('answer');
const field = document.getElementById('body');
const said = document.getElementById('draft-state');
let kept = field.value.trim();
let saving = null;
let timer = 0;
let over = false;
let leaving = false;

function say(what) {
  said.className = `small ${['keeping', 'kept'].includes(what) ? 'muted' : 'draft-problem'}`;
  const text = said.dataset[what];
  if (said.textContent !== text) said.textContent = text;
}

function unkept() {
  const now = field.value.trim();
  return now !== '' && now !== kept;
}

function later(ms = AFTER_MS) {
  clearTimeout(timer);
  if (!over) timer = setTimeout(save, ms);
}

/** Keeps what stands in the field; one request at a time. */
function save() {
  clearTimeout(timer);
  if (saving || over || !unkept()) return saving;
  saving = send().finally(() => {
    saving = null;
    if (unkept()) later(said.dataset.wait === 'long' ? AGAIN_MS : AFTER_MS);
  });
  return saving;
}

async function send() {
  const text = field.value.trim();
  const data = new FormData(form);
  data.set('deed', 'save');
  say('keeping');
  said.dataset.wait = '';
  let answer;
  try {
    answer = await fetch(form.action, { method: 'POST', body: data, headers: { Accept: 'application/json' }, redirect: 'error' });
  } catch {
    said.dataset.wait = 'long';
    say('failed');
    return;
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok && told.ok) {
    kept = text;
    form.elements.version.value = told.version;
    say('kept');
    return;
  }
  const words = { not_found: 'gone', taken: 'taken', unauthorised: 'signedOut', forbidden: 'changed', wrong_state: 'changed', too_long: 'long' };
  if (told.error in words && told.error !== 'too_long') over = true;
  said.dataset.wait = 'long';
  say(words[told.error] ?? 'failed');
}

said.hidden = false;
field.addEventListener('input', () => {
  if (over) return;
  // What was said of it holds no longer.
  if (said.className.includes('muted')) said.textContent = '';
  later();
});
field.addEventListener('blur', ({ relatedTarget }) => {
  // A press on a button of the form does what is to be done itself.
  if (!form.contains(relatedTarget)) save();
});
// What is under way would change the version that the form names: the press waits for it.
form.addEventListener('submit', (event) => {
  clearTimeout(timer);
  if (!saving) {
    over = true;
    leaving = true;
    return;
  }
  event.preventDefault();
  const { submitter } = event;
  saving.then(() => form.requestSubmit(submitter));
});
addEventListener('beforeunload', (event) => {
  if (!leaving && unkept()) event.preventDefault();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
