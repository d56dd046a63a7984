import * as jinja from '@huggingface/jinja';

import { fail } from '../values/failure.ts';
import { refuseChains } from './refuse-chains.ts';
import type { Body, Token } from './syntax.ts';
import { writeTestsAsFilters } from './tests-with-arguments.ts';

/** Its declarations name their own files in a way that the compiler does not follow. */
const { tokenize, parse } = jinja as unknown as {
  readonly tokenize: (source: string, settings: typeof SETTINGS) => readonly Token[];
  readonly parse: (tokens: readonly Token[]) => { readonly body: Body };
};

/** As transformers sets up Jinja for chat templates. */
const SETTINGS = { lstrip_blocks: true, trim_blocks: true };

/** The source of a template → its syntax tree, by the library's lexer and parser. Throws for what is no template of theirs. */
export function compile(source: string): Body {
  // Jinja reads every line end as \n.
  const tokens = call(() => tokenize(source.replaceAll(/\r\n?/g, '\n'), SETTINGS));
  const rewritten = writeTestsAsFilters(tokens);
  refuseChains(rewritten);
  return call(() => parse(rewritten)).body;
}

function call<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    // The parser reads past the last token where a template ends too soon.
    return fail(
      error instanceof TypeError || reason.includes('end of input')
        ? 'it is no Jinja that we can read: a tag, a block or a text is not closed'
        : `it is no Jinja that we can read: ${reason}`,
    );
  }
}
