import { stringifySearchWith } from "@tanstack/react-router";

/**
 * Every text that JSON.parse takes, and some that it does not. Without it a link
 * with the word "failed" in its search would cost an exception each time it is drawn.
 */
const json = /^\s*(?:-?\d.*|true|false|null|["[{].*)\s*$/s;

/** Writes search parameters as the router reads them: texts that could be read as something else in quotes. */
export const searchText = stringifySearchWith(JSON.stringify, (text) => {
  if (!json.test(text)) throw undefined; // as the router wants to hear that it is none
  return JSON.parse(text) as unknown;
});
