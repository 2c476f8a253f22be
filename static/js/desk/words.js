// Facts and problems in the words of the page.
import { hasWord, word } from './dom.js';

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

/** 'yes', 'unsure' or 'no', whichever way the server says it. */
export function danger(item) {
  if (item.danger === true) return 'yes';
  return ['yes', 'unsure'].includes(item.danger) ? item.danger : 'no';
}

/** Facts as one line that breaks between them, never inside one. */
export function asLine(list) {
  return list.map((fact) => fact.replaceAll(' ', '\u00a0')).join(' · ');
}

/** Danger, distress and language as a list of words; `withLine` puts the line in front. */
export function facts(item, withLine) {
  const list = [];
  if (withLine && item.line) list.push(lineName(item.line));
  if (danger(item) !== 'no') list.push(word(`danger.${danger(item)}`));
  if (item.distress) list.push(word('distress', { n: item.distress }));
  if (item.language) list.push(languageName(item.language));
  return list;
}
