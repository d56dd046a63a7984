import type { ConversationTemplate } from '../conversation-template.ts';
import { separatorStyles } from '../styles/separator-styles.ts';
import { compileControlTokens, type ControlTokens } from './compile.ts';
import { findControlTokens } from './find.ts';

const compiled = new WeakMap<ConversationTemplate, ControlTokens>();

/**
 * The control tokens of a named template: those in its roles, separators, system template and stop texts, and those that its style
 * writes. Compiled once for each template object.
 */
export function controlTokensOf(template: ConversationTemplate): ControlTokens {
  const known = compiled.get(template);
  if (known !== undefined) return known;
  const { roles, sep, sep2, system_template, stop_str, sep_style } = template;
  const stops = typeof stop_str === 'string' ? [stop_str] : (stop_str ?? []);
  const own = [...roles, sep, sep2 ?? '', system_template, ...stops];
  const tokens = compileControlTokens(
    findControlTokens([...own, ...separatorStyles[sep_style].tokens]),
  );
  compiled.set(template, tokens);
  return tokens;
}
