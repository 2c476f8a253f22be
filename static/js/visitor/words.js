// The words stand in the page, translated; scripts only choose among them.

const words = new Map(
  [...(document.getElementById('words')?.content.querySelectorAll('[data-word]') ?? [])]
    .map((item) => [item.dataset.word, item.textContent]),
);

/** A sentence of the page. */
export function word(name) {
  return words.get(name) ?? '';
}

/** The sentence for one, or the one for many with the number in it. */
export function counted(one, many, number) {
  return number === 1 ? word(one) : word(many).replace('{n}', String(number));
}
