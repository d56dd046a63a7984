import { type JsonObject, isObject } from './tokenizer-json.ts';

/** Those that transformers gives a template by name. */
const NAMED = [
  ...['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'],
];

export type Tokens = {
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  readonly otherTokens: Readonly<Record<string, string>>;
  readonly specialTokens: readonly string[];
};

/** The tokens in `tokenizer_config.json` and `special_tokens_map.json`; the first goes before the second. */
export function readTokens(config: JsonObject, map: JsonObject): Tokens {
  const named = new Map<string, string>();
  for (const name of NAMED) {
    const token = toToken(name in config ? config[name] : map[name]);
    if (token !== null) named.set(name, token);
  }
  const further = [config, map].flatMap(({ additional_special_tokens: list }) =>
    Array.isArray(list) ? list.map(toToken) : [],
  );
  const {
    bos_token: bosToken = null,
    eos_token: eosToken = null,
    ...otherTokens
  } = Object.fromEntries(named) as Readonly<Record<string, string>>;
  const special = [...named.values(), ...further, ...addedSpecial(config['added_tokens_decoder'])];
  return {
    bosToken,
    eosToken,
    otherTokens,
    specialTokens: [
      ...new Set(special.filter((token) => token !== null).filter((token) => token !== '')),
    ],
  };
}

/** A text, null, or an `AddedToken` object, whose text is its `content`. */
function toToken(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value['content'] === 'string' ? value['content'] : null;
}

function addedSpecial(decoder: unknown): readonly (string | null)[] {
  if (!isObject(decoder)) return [];
  return Object.values(decoder)
    .filter((token) => isObject(token) && token['special'] === true)
    .map(toToken);
}
