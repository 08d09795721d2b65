// The same as worker.py, for Node: lines of JSON to and from the run that has started it.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function next() {
  const { value, done } = await lines.next();
  return done || !value.trim() ? null : JSON.parse(value);
}

export const job = await next();

/** The text of content blocks. */
export const texts = (content) =>
  content.filter((block) => block.type === 'text').map((block) => block.text).join('\n');

/** Do all that is asked. `call` gives what the model is given, and whether it is told of a failure. */
export async function work(tools, call) {
  let said = { tools };
  for (;;) {
    process.stdout.write(`${JSON.stringify(said)}\n`);
    const asked = await next();
    if (asked === null) return;
    const [seen, failed] = await call(asked.tool, asked.arguments);
    said = { seen, failed };
  }
}
