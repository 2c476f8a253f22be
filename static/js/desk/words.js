// Facts and problems in the words of the page.
import { byId, hasWord, word } from './dom.js';
import { state } from './state.js';

/** A refusal in plain words: the one for this action, else the one for the code. */
export function problem(action, code) {
  for (const key of [`problem.${action}.${code}`, `problem.${code}`]) {
    if (hasWord(key)) return word(key);
  }
  return word('problem.unavailable');
}

/** A line's name. */
export function lineName(slug) {
  return hasWord(`line.${slug}`) ? word(`line.${slug}`) : slug ?? '';
}

/** A language's name, or its code. */
export function languageName(code) {
  return hasWord(`language.${code}`) ? word(`language.${code}`) : code ?? '';
}

/** The visitor's answer: 'yes', 'unsure' or 'no'. */
export function danger(item) {
  return ['yes', 'unsure'].includes(item.danger) ? item.danger : 'no';
}

/** Facts as one line that breaks between them, never inside one. */
export function asLine(list) {
  return list.map((fact) => fact.replaceAll(' ', '\u00a0')).join(' · ');
}

/** How bad it is: danger and distress as a list of words. */
export function urgency(item) {
  const list = danger(item) === 'no' ? [] : [word(`danger.${danger(item)}`)];
  return [...list, word('distress', { n: item.distress })];
}

/** The line's name, unless it is the one that is served here: to tell that would say nothing. */
export function otherLine(slug) {
  return byId('duty-line') && slug !== state.duty.line ? lineName(slug) : '';
}

/** Where it belongs: line and language as a list of words. */
export function place(item) {
  return [otherLine(item.line), languageName(item.language)].filter(Boolean);
}
