import fc from 'fast-check';

// What templates, Python's string functions and JavaScript's own replacing treat specially.
const PIECES = [
  '$&',
  '$1',
  '$$',
  '{system_message}',
  '{}',
  '{{',
  '%s',
  '\\n',
  '\r\n',
  '\n',
  '\n\n',
  '</s>',
  '<s>',
  '<|im_end|>',
  '[INST]',
  '###',
  '<',
  'n',
  '>',
  ' ',
  '\t',
  '\u001c',
  '\u001f',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u3000',
  '\ufeff',
  '\u200b',
  '\u180e',
  'a',
  'é',
  '日本',
  '😀',
];

/** Any code units, lone surrogates too, mixed with what somebody treats specially. */
export const anyText = fc.oneof(
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
  fc.array(fc.constantFrom(...PIECES)).map((parts) => parts.join('')),
);
