/** URLs in the messages of errors: those of `fetch` and of database clients quote what they were called with. */

/** Longer than what is kept of a message: what is cut must not end within credentials. */
const READ = 4096;
/** As a URL is parsed, the last `@` before the path ends the credentials. */
const CREDENTIALS = /:\/\/[^\s/?#]*@/g;
/** It takes a URL without a query too: what it has read it never reads again. */
const QUERY = /(:\/\/[^\s?#]*)(?:[?#][^\s'"`)>\]}]*)?/g;
/** Also where there is no whole URL, as of one whose base is missing. */
const PAIRS = /\?[\w.%~[\]-]+=[^\s'"`)>\]}]*/g;

/** The beginning of `message`, its URLs without credentials, query and fragment. */
export function withoutUrlSecrets(message: string): string {
  const text = message.slice(0, READ);
  return text.replace(CREDENTIALS, "://").replace(QUERY, "$1").replace(PAIRS, "");
}
