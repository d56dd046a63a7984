/**
 * How a conversation becomes text: one small pure function per separator style, in a table keyed by the style's name.
 *
 * The names are FastChat's (`SeparatorStyle` in fastchat/conversation.py); llm-ops calls ADD_COLON_TWO `VICUNA`. The bytes follow the
 * originals' `get_prompt`. The two projects number the same styles differently, and `worker_conv_template` sends the number.
 */

/** Whose numbers of the separator styles a client of `worker_conv_template` knows. */
export type Dialect = 'llm-ops' | 'fastchat';

/** One turn: the role's label as the template writes it, and its text. An empty text opens the turn, as it does in the originals. */
type Turn = { readonly label: string; readonly text: string };

/** What a style may look at. `turns` holds the few-shot turns too: a turn's position counts from the first of them. */
type StyleInput = {
  readonly template: { readonly sep: string; readonly sep2: string | null };
  /** The system message itself: some styles ask whether there is one. */
  readonly systemMessage: string;
  /** The system template with the message in its place. */
  readonly systemText: string;
  readonly turns: readonly Turn[];
};

type SeparatorStyle = {
  readonly integers: Readonly<Record<Dialect, number>>;
  /** Whether the style writes `sep2`, so that a template without it is a mistake. */
  readonly needsSep2: boolean;
  readonly render: (input: StyleInput) => string;
};

/** Every style that a template may name in `sep_style`. */
export const separatorStyles = {
  ADD_COLON_SINGLE: {
    integers: { 'llm-ops': 1, fastchat: 1 },
    needsSep2: false,
    render: addColonSingle,
  },
  ADD_COLON_TWO: {
    integers: { 'llm-ops': 3, fastchat: 2 },
    needsSep2: true,
    render: addColonTwo,
  },
  LLAMA2: { integers: { 'llm-ops': 2, fastchat: 7 }, needsSep2: true, render: llama2 },
  CHATML: { integers: { 'llm-ops': 10, fastchat: 10 }, needsSep2: false, render: chatml },
  DOLLY: { integers: { 'llm-ops': 4, fastchat: 12 }, needsSep2: true, render: dolly },
  FALCON_CHAT: { integers: { 'llm-ops': 6, fastchat: 16 }, needsSep2: false, render: falconChat },
  RWKV: { integers: { 'llm-ops': 7, fastchat: 13 }, needsSep2: false, render: rwkv },
} as const satisfies Readonly<Record<string, SeparatorStyle>>;

export type SeparatorStyleName = keyof typeof separatorStyles;

function addColonSingle({ template: { sep }, systemText, turns }: StyleInput): string {
  return systemText + sep + join(turns, ({ label, text }) => `${label}: ${text}${sep}`, openColon);
}

function addColonTwo({ template, systemText, turns }: StyleInput): string {
  const said: Said = ({ label, text }, at) => `${label}: ${text}${alternate(template, at)}`;
  return systemText + template.sep + join(turns, said, openColon);
}

/**
 * llm-ops's LLAMA2. The first turn carries no tag, since the prefix has opened it; every later turn has the tag of its own role, where
 * FastChat's has the tag of its position. The two differ only when the roles do not alternate.
 */
function llama2({ template, systemMessage, systemText, turns }: StyleInput): string {
  const prefix = systemMessage === '' ? '[INST] ' : systemText;
  const said: Said = ({ label, text }, at) =>
    at === 0 ? `${text} ` : `${label} ${text}${alternate(template, at)}`;
  return prefix + join(turns, said, ({ label }) => label);
}

/** FastChat's CHATML. llm-ops has none of it, and of its numbers none is 10. */
function chatml({ template: { sep }, systemText, turns }: StyleInput): string {
  const prefix = systemText === '' ? '' : `${systemText}${sep}\n`;
  const said: Said = ({ label, text }) => `${label}\n${text}${sep}\n`;
  return prefix + join(turns, said, ({ label }) => `${label}\n`);
}

function dolly({ template, systemText, turns }: StyleInput): string {
  const said: Said = ({ label, text }, at) =>
    `${label}:\n${text}${alternate(template, at)}${at % 2 === 1 ? '\n\n' : ''}`;
  return systemText + join(turns, said, ({ label }) => `${label}:\n`);
}

function falconChat({ template: { sep }, systemMessage, systemText, turns }: StyleInput): string {
  const prefix = systemMessage === '' ? '' : systemText + sep;
  return prefix + join(turns, ({ label, text }) => `${label}: ${text}${sep}`, openColon);
}

/** The only style here that changes what was said: an empty line would end a turn, so line ends are joined, in two single passes. */
function rwkv({ systemText, turns }: StyleInput): string {
  const normalise = (text: string) => text.replaceAll('\r\n', '\n').replaceAll('\n\n', '\n');
  return (
    systemText + join(turns, ({ label, text }) => `${label}: ${normalise(text)}\n\n`, openColon)
  );
}

type Said = (turn: Turn, at: number) => string;

function join(turns: readonly Turn[], said: Said, open: Said): string {
  return turns.map((turn, at) => (turn.text === '' ? open : said)(turn, at)).join('');
}

function openColon({ label }: Turn): string {
  return `${label}:`;
}

/** `sep` after the 1st, 3rd, … turn, `sep2` after the others: by position, whoever spoke. */
function alternate({ sep, sep2 }: StyleInput['template'], at: number): string {
  return at % 2 === 0 ? sep : (sep2 ?? '');
}
