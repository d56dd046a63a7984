/** What a separator style is: a pure function from turns to text, and what is known of it. */

/** Whose numbers of the separator styles, and whose template names, somebody uses. */
export type Dialect = 'llm-ops' | 'fastchat';

/** One turn: the role's label as the template writes it, and its text. An empty text opens the turn, as it does in the originals. */
export type Turn = { readonly label: string; readonly text: string };

/** What a style may look at. `turns` holds the few-shot turns too: a turn's position counts from the first of them. */
export type StyleInput = {
  readonly template: {
    readonly name: string;
    readonly roles: readonly [string, string, ...string[]];
    readonly sep: string;
    readonly sep2: string | null;
  };
  /** The system message itself: some styles ask whether there is one. */
  readonly systemMessage: string;
  /** The system template with the message in its place. */
  readonly systemText: string;
  readonly turns: readonly Turn[];
};

export type SeparatorStyle = {
  readonly integers: Readonly<Record<Dialect, number>>;
  /** Whether the style writes `sep2`, so that a template without it is a mistake. */
  readonly needsSep2: boolean;
  /** Control tokens that the style writes on its own, whatever the template's fields are. */
  readonly tokens: readonly string[];
  readonly render: (input: StyleInput) => string;
};
