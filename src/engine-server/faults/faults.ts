import { z } from 'zod';

import { LlmOpsError } from '../../errors.ts';

const amount = z.int().min(0);

/** What goes wrong for one request; the names are those of `--fault` and of `/sim/faults`. */
const oneFault = {
  /** The connection breaks after so many tokens of the answer. */
  die_at_token: amount.optional(),
  /** The connection breaks after exactly so many bytes of the reply's body, be it inside an event or a character. */
  die_at_byte: amount.optional(),
  /** With one of these two: the connection is reset instead of closed. */
  reset: z.boolean().optional(),
  /** The engine dies as vLLM's does: an error event, then `[DONE]`; every later request fails until the faults are cleared. */
  error_at_token: amount.optional(),
  /** The process ends with status 1. */
  exit_at_token: amount.optional(),
  /** Nothing more comes, and the connection stays open. */
  stall_at_token: amount.optional(),
  /** With `stall_at_token`: it goes on after so long. */
  stall_ms: amount.optional(),
  /** The next event ends in the middle of its JSON, and the reply with it. */
  half_event_at_token: amount.optional(),
  /** 503 instead of text. */
  refuse: z.boolean().optional(),
  /** This HTTP status instead of text, with an error body. */
  status: z.int().min(400).max(599).optional(),
  /** What that body says. */
  message: z.string().optional(),
  /** Each event arrives in two parts, cut inside a character where there is one of several bytes. */
  split_bytes: z.boolean().optional(),
  /** Time until the head of the reply. */
  slow_reply_ms: amount.optional(),
  /** The server takes connections and answers nothing at all, as a stopped process does, until faults are set anew or cleared. */
  freeze: z.boolean().optional(),
};

/** Only the next so many requests are affected. */
const times = z.int().min(1).optional();

const faultsSchema = z.strictObject({ ...oneFault, times });
const ruleSchema = z.strictObject({ match: z.string().min(1), ...oneFault, times });
const scriptSchema = z.strictObject({ script: z.array(z.strictObject(oneFault)).min(1) });
const rulesSchema = z.strictObject({ rules: z.array(ruleSchema).min(1) });

/** The faults of one request, or of all. */
export type Faults = z.infer<typeof faultsSchema>;

/** Faults for the requests whose prompt has this text in it. */
export type FaultRule = z.infer<typeof ruleSchema>;

/** What the requests to come will meet: all the same; or each its own, and then none; or the first rule that matches. */
export type FaultPlan =
  Faults | { readonly script: readonly Faults[] } | { readonly rules: readonly FaultRule[] };

/** A plan in one of its three forms. Throws `usage` for an unknown fault or a wrong value. */
export function parseFaults(value: unknown): FaultPlan {
  const parsed = schemaOf(value).safeParse(value);
  if (parsed.success) return parsed.data;
  const known = Object.keys(faultsSchema.shape).join(', ');
  throw new LlmOpsError('usage', `Not a fault: ${z.prettifyError(parsed.error)}`, {
    hint: `Faults are ${known}; or lists of them, as script or as rules.`,
    param: 'fault',
  });
}

/** `['die_at_token=5', 'split_bytes']` as given on the command line. Throws `usage`. */
export function parseFaultFlags(flags: readonly string[]): FaultPlan {
  return parseFaults(
    Object.fromEntries(
      flags.map((flag) => {
        const [, name = '', value = 'true'] = /^([^=]*)(?:=(.*))?$/s.exec(flag) ?? [];
        return [name, value === 'true' ? true : value === 'false' ? false : toNumber(value)];
      }),
    ),
  );
}

/** Chosen by hand: a union would tell of one mistake what it is in each of the forms. */
function schemaOf(value: unknown): z.ZodType<FaultPlan> {
  if (typeof value !== 'object' || value === null) return faultsSchema;
  if ('script' in value) return scriptSchema;
  return 'rules' in value ? rulesSchema : faultsSchema;
}

function toNumber(value: string): number | string {
  return /^\d+$/.test(value) ? Number(value) : value;
}
