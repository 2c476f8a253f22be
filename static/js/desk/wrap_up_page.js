// The wrap-up on a page of its own: quick under the keyboard, as beside the desk.
import { enhance } from './wrap_up_form.js';

const form = document.getElementById('wrap-up-form');
enhance(form);
form.querySelector('[data-keys]').hidden = false;
// Nothing else is on this page: the form is sent wherever the focus is.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing || event.defaultPrevented) return;
  event.preventDefault();
  form.requestSubmit();
});
