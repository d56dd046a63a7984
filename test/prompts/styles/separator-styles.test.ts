import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { renderPrompt } from '../../../src/prompts/render-prompt.ts';
import {
  separatorStyles,
  type SeparatorStyleName,
} from '../../../src/prompts/styles/separator-styles.ts';
import { anyText } from '../any-text.ts';

/**
 * A second formulation, in the notation of the protocol report, read word by word: quoted text stands for itself, P is the system
 * template with the message in it, S the bare message, R the label, M the text, E `sep` or `sep2` by position, `?P:` and `?S:` leave out
 * the rest of the prefix when P or S is empty, `even:`, `odd:` and `first:`, `later:` hold for the next word only.
 */
const formulas: Readonly<
  Record<SeparatorStyleName, readonly [prefix: string, said: string, open: string]>
> = {
  ADD_COLON_SINGLE: ['P sep', `R ': ' M sep`, `R ':'`],
  ADD_COLON_TWO: ['P sep', `R ': ' M E`, `R ':'`],
  ADD_COLON_SPACE_SINGLE: ['P sep', `R ': ' M sep`, `R ': '`],
  NO_COLON_SINGLE: ['P', 'R M sep', 'R'],
  NO_COLON_TWO: ['P', 'R M E', 'R'],
  ADD_NEW_LINE_SINGLE: ['?P: P sep', `R '\n' M sep`, `R '\n'`],
  LLAMA2: ['llama', `first: M first: ' ' later: R later: ' ' later: M later: E`, 'R'],
  LLAMA2_BY_POSITION: ['llama', `first: M first: ' ' later: T later: ' ' later: M later: E`, 'T'],
  LLAMA3: [
    `'<|begin_of_text|>' ?S: P`,
    `'<|start_header_id|>' R '<|end_header_id|>\n\n' strip '<|eot_id|>'`,
    `'<|start_header_id|>' R '<|end_header_id|>\n\n'`,
  ],
  CHATGLM: ['?P: P sep', `even: round even: sep R '：' M sep`, `even: round even: sep R '：'`],
  CHATML: [`?P: P sep '\n'`, `R '\n' M sep '\n'`, `R '\n'`],
  CHATINTERN: ['P', `even: '<s>' R ':' M E '\n'`, `even: '<s>' R ':'`],
  DOLLY: ['P', `R ':\n' M E odd: '\n\n'`, `R ':\n'`],
  RWKV: ['P', `R ': ' joined '\n\n'`, `R ':'`],
  PHOENIX: ['P', `R ': <s>' M '</s>'`, `R ': <s>'`],
  ROBIN: ['P sep', `R ':\n' M sep`, `R ':\n'`],
  FALCON_CHAT: ['?S: P sep', `R ': ' M sep`, `R ':'`],
  CHATGLM3: ['?S: P', `R '\n' M`, 'R'],
  DEEPSEEK_CHAT: ['P', `R ': ' M E`, `R ':'`],
  METAMATH: [
    '?P: P sep',
    `even: R even: ':\n' even: M even: sep odd: R odd: ': ' odd: sep2 odd: M`,
    `even: R even: ':\n' odd: R odd: ': ' odd: sep2`,
  ],
  YUAN2: ['?S: P sep2', `M '<n>'`, ''],
  GEMMA: [`'<bos>'`, `'<start_of_turn>' R '\n' M sep`, `'<start_of_turn>' R '\n'`],
  CLLM: ['P sep', `R ': ' M E`, `R ':'`],
  DEFAULT: [`P '\n'`, `R ': ' M '\n'`, `R ':'`],
};

const PYTHON_SPACE =
  '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const strip = (text: string) =>
  text.replace(new RegExp(`^${PYTHON_SPACE}+|${PYTHON_SPACE}+$`, 'g'), '');

/** `str.replace` of Python, one character at a time. */
function replaceAll(text: string, from: string, to: string): string {
  let result = '';
  for (let at = 0; at < text.length;) {
    const here = text.startsWith(from, at);
    result += here ? to : text.charAt(at);
    at += here ? from.length : 1;
  }
  return result;
}

type Values = Readonly<Record<string, string>>;

function read(formula: string, values: Values, at = 0): string {
  const words = formula.match(/'[^']*'|\S+/g) ?? [];
  const holds: Readonly<Record<string, boolean>> = {
    'even:': at % 2 === 0,
    'odd:': at % 2 === 1,
    'first:': at === 0,
    'later:': at > 0,
  };
  let result = '';
  for (const [index, word] of words.entries()) {
    if ((word === '?P:' && values['P'] === '') || (word === '?S:' && values['S'] === '')) break;
    if (word.endsWith(':') || holds[words[index - 1] ?? ''] === false) continue;
    const value = word.startsWith(`'`) ? word.slice(1, -1) : values[word];
    assert.ok(value !== undefined, `${word} means nothing`);
    result += value;
  }
  return result;
}

const label = fc.oneof(fc.constantFrom('USER', '[INST]', '<|user|>', ''), anyText);
const templateOf = (sep_style: SeparatorStyleName) =>
  fc.record({
    name: fc.constantFrom('chatglm', 'chatglm2'),
    system_template: fc.constantFrom('{system_message}', '<<{system_message}>>\n', 'fixed', ''),
    system_message: anyText,
    roles: fc.tuple(label, label),
    messages: fc.constant([] as [string, string][]),
    sep_style: fc.constant(sep_style),
    sep: label,
    sep2: label,
    stop_str: fc.constant(null),
    stop_token_ids: fc.constant(null),
  });
const conversation = fc.record({
  system: fc.option(anyText),
  messages: fc.array(
    fc.record({ role: fc.constantFrom('user' as const, 'assistant' as const), text: anyText }),
    { maxLength: 6 },
  ),
});

describe('a separator style', () => {
  for (const style of Object.keys(separatorStyles) as SeparatorStyleName[]) {
    it(`writes what its formula says: ${style}`, () => {
      fc.assert(
        fc.property(templateOf(style), conversation, (template, said) => {
          const [prefix, saidFormula, openFormula] = formulas[style];
          const { sep, sep2, roles } = template;
          const S = said.system ?? template.system_message;
          const P = replaceAll(template.system_template, '{system_message}', S);
          const turns = [
            ...said.messages.map(({ role, text }) => [roles[role === 'user' ? 0 : 1], text]),
            [roles[1], ''],
          ] as [string, string][];
          const written = (style === 'CLLM' ? turns.slice(-2) : turns).map(([R, M], at) =>
            read(
              M === '' ? openFormula : saidFormula,
              {
                R,
                M,
                sep,
                sep2,
                E: at % 2 === 0 ? sep : sep2,
                T: roles[at % 2]!,
                strip: strip(M),
                joined: replaceAll(replaceAll(M, '\r\n', '\n'), '\n\n', '\n'),
                round: `[Round ${Math.floor(at / 2) + (template.name === 'chatglm2' ? 1 : 0)}]`,
              },
              at,
            ),
          );
          const llama = S === '' ? '[INST] ' : P;
          let expected = read(prefix, { P, S, sep, sep2, llama }) + written.join('');
          if (style === 'YUAN2') expected = expected.replace(/[<n>]+$/, '') + sep;
          assert.equal(renderPrompt(template, said, { allowControlTokens: true }), expected);
        }),
      );
    });
  }
});
