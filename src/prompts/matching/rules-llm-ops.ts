import type { RuleSet } from './rule.ts';

/** llm-ops's rules (`model_adapters` in llm_ops/llms/base_model.py), in its order. */
export const llmOpsRules: RuleSet = {
  fallback: { rule: 'BaseModel', template: 'one_shot' },
  rules: [
    {
      rule: 'VicunaAdapter',
      when: 'vicuna',
      use: [{ if: { lastPartHas: 'v0' }, then: 'one_shot' }, 'vicuna_v1.1'],
    },
    { rule: 'Llama2Adapter', when: 'llama-2', use: 'llama-2' },
    { rule: 'DollyV2Adapter', when: 'dolly-v2', use: 'dolly_v2' },
    { rule: 'MistralAdapter', when: 'mistral', use: 'mistral' },
    { rule: 'FalconAdapter', when: { all: ['falcon', { not: 'chat' }] }, use: 'falcon' },
    { rule: 'FalconChatAdapter', when: { all: ['falcon', 'chat'] }, use: 'falcon-chat' },
  ],
};
