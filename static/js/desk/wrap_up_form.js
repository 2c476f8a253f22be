// The questions about a contact under the keyboard: topics are found by typing, arrows move, Ctrl and Enter sends.

/** Lower case without accents: what is typed in a hurry finds what is written with care. */
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Makes a form quick to fill in; without this it works all the same. */
export function enhance(form) {
  const topics = form.querySelector('[data-topics]');
  if (topics) startTopics(topics);
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.target.matches('input')) {
      // A browser would send the form from any of its fields.
      event.preventDefault();
    }
  });
}

function startTopics(topics) {
  const items = [...topics.querySelectorAll('[data-groups] li')].map((li) => {
    const box = li.querySelector('input');
    const head = li.parentElement.firstElementChild;
    const group = head === li ? '' : ` ${plain(head.textContent)}`;
    return { li, box, name: li.textContent.trim(), found: plain(li.textContent), group };
  });
  const find = topics.querySelector('[data-find]');
  const field = find.querySelector('input');
  find.hidden = false;
  let first = null;

  const shown = () => items.filter((item) => !item.li.hidden);

  /** One stop for Tab in the whole list; the arrows go on from there. */
  function stopAt(item) {
    for (const other of items) other.box.tabIndex = other === item ? 0 : -1;
  }

  function draw() {
    const parts = plain(field.value).split(/\s+/).filter(Boolean);
    const fits = (text) => parts.every((part) => text.includes(part));
    first = null;
    for (const item of items) {
      const found = fits(item.found);
      const seen = found || fits(item.found + item.group);
      item.li.hidden = !seen && !item.box.checked;
      item.li.classList.remove('first');
      // What has the letters itself comes before what only stands below it.
      if (parts.length && seen && (!first || (found && !first.own))) first = { item, own: found };
    }
    first?.item.li.classList.add('first');
    const visible = shown();
    if (!visible.some((item) => item.box.tabIndex === 0)) stopAt(visible[0]);
    tell(parts.length > 0);
  }

  function tell(looking) {
    const words = topics.querySelector('[data-found]');
    const { none, first: enter, chosen } = words.dataset;
    const ticked = items.filter((item) => item.box.checked).map((item) => item.name);
    let text = ticked.length ? chosen.replace('{topics}', ticked.join(', ')) : '';
    if (looking) text = first ? enter.replace('{topic}', first.item.name) : none;
    if (words.textContent !== text) words.textContent = text;
  }

  field.addEventListener('input', draw);
  field.addEventListener('keydown', (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' && first) {
      const { box } = first.item;
      box.checked = !box.checked;
      field.value = '';
      draw();
      box.dispatchEvent(new Event('change', { bubbles: true }));
    } else if (event.key === 'ArrowDown') {
      const item = first?.item ?? shown()[0];
      if (!item) return;
      stopAt(item);
      item.box.focus();
    } else if (event.key === 'Escape' && field.value) {
      field.value = '';
      draw();
      event.stopPropagation();
    } else {
      return;
    }
    event.preventDefault();
  });
  topics.querySelector('[data-groups]').addEventListener('keydown', (event) => {
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    if (!(event.key in steps) || event.altKey || event.ctrlKey) return;
    const visible = shown();
    const at = visible.findIndex((item) => item.box === event.target);
    const next = visible[(at + steps[event.key] + visible.length) % visible.length];
    event.preventDefault();
    stopAt(next);
    next.box.focus();
  });
  topics.addEventListener('change', draw);
  topics.addEventListener('focusin', (event) => {
    const item = items.find((one) => one.box === event.target);
    if (item) stopAt(item);
  });
  topics.addEventListener('draw', draw);
  draw();
}
