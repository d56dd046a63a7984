/** The styles of Llama 2 and 3. */
import { strip } from './strip.ts';
import type { StyleInput } from './style.ts';
import { alternate, writeTurns, type WriteTurn } from './write-turns.ts';

/** llm-ops's LLAMA2: every turn but the first has the tag of its own role. */
export function llama2(input: StyleInput): string {
  return tagged(input, ({ label }) => label);
}

/** FastChat's LLAMA2: every turn but the first has the tag of its position. It differs from llm-ops's when turns do not alternate. */
export function llama2ByPosition(input: StyleInput): string {
  const [first, second] = input.template.roles;
  return tagged(input, (_, at) => (at % 2 === 0 ? first : second));
}

/** The first turn carries no tag, since the prefix has opened it. */
function tagged({ template, systemMessage, systemText, turns }: StyleInput, tag: WriteTurn) {
  const prefix = systemMessage === '' ? '[INST] ' : systemText;
  const said: WriteTurn = (turn, at) =>
    at === 0 ? `${turn.text} ` : `${tag(turn, at)} ${turn.text}${alternate(template, at)}`;
  return prefix + writeTurns(turns, said, tag);
}

export function llama3({ systemMessage, systemText, turns }: StyleInput): string {
  const header: WriteTurn = ({ label }) => `<|start_header_id|>${label}<|end_header_id|>\n\n`;
  // A text of spaces is not empty: its turn is written, and closed, with nothing in it.
  const said: WriteTurn = (turn, at) => `${header(turn, at)}${strip(turn.text)}<|eot_id|>`;
  const prefix = systemMessage === '' ? '' : systemText;
  return `<|begin_of_text|>${prefix}${writeTurns(turns, said, header)}`;
}
