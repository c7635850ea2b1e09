/** The frames of a stack. Its other lines repeat the message. */

/** More than any type has before its message. */
const HEADER = 512;
/** As much of the message as tells where it begins. */
const BEGIN = 64;
/** What is read of a stack, and of a message whose lines look like frames. */
const READ = 16_384;
const LINE_MAX = 1024;
/** V8 and Bun. */
const AT = /^\s+at \S/;
/** Firefox and Safari, whose stacks have no message. */
const URL_FRAME = /^\S*(?: code)?@\S*:\d+:\d+$/;

/** The lines of `stack` that are frames. `message` is that of its error. */
export function framesOf(stack: unknown, message: string): string {
  if (typeof stack !== "string") return "";
  const at = message === "" ? -1 : stack.slice(0, HEADER).indexOf(message.slice(0, BEGIN));
  const from = at >= 0 && isAt(stack, message, at) ? at + message.length : 0;
  const lines = stack
    .slice(from, from + READ)
    .split("\n")
    .filter(({ length }) => length <= LINE_MAX);
  const frame = lines.some((line) => AT.test(line)) ? AT : URL_FRAME;
  const said = message.slice(0, READ).split("\n");
  return lines.filter((line) => frame.test(line) && !said.includes(line)).join("\n");
}

/** Whether `stack` has `message` at `at`, by its beginning and its end: a message may have megabytes. */
function isAt(stack: string, message: string, at: number): boolean {
  const end = message.slice(-READ);
  return (
    stack.startsWith(message.slice(0, READ), at) && stack.startsWith(end, at + message.length - end.length)
  );
}
