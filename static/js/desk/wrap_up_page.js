// The wrap-up on a page of its own: quick under the keyboard, as beside the desk.
import { enhance } from './wrap_up_form.js';

const form = document.getElementById('wrap-up-form');
enhance(form);
form.querySelector('[data-keys]').hidden = false;
