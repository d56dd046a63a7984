/** What decides in a worker, opened from its directory: the services as they are configured, their engines, tokens and registrations. */
import type { FastifyBaseLogger } from 'fastify';
import type { WorkerConfig } from '../config/worker-config.ts';
import { LlmOpsError } from '../errors.ts';
import { createChatRenderer } from '../prompts/chat/chat-renderer.ts';
import { loadTokens } from './auth/tokens-file.ts';
import type { LiveTokens } from './auth/tokens-file.ts';
import { openEngineProgress } from './live/engine-progress.ts';
import { followConfig, loadWorkerConfig } from './live/follow-config.ts';
import { LiveStack } from './live/live-stack.ts';
import type { Replica } from './live/replica.ts';
import { Registrations } from './registration/registrations.ts';

export type OpenStack = {
  readonly stack: LiveStack;
  readonly tokens: LiveTokens;
  /** Takes over what changes in the directory from now on. */
  readonly follow: () => void;
  /** Tells the controllers of us, who then ask at once. */
  readonly announce: () => void;
  /** Follows nothing any more, and wants nobody sent. */
  readonly drain: () => void;
  /** Says goodbye to the controllers. Never rejects. */
  readonly leave: () => Promise<void>;
  /** After the last request. */
  readonly close: () => Promise<void>;
};

export type OpenStackOptions = {
  readonly configDirectory: string;
  /** Asked for whenever there is something to say. */
  readonly log: () => Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;
  readonly onReplicaChange: (replica: Replica) => void;
  /** Called when the stack has taken over a new one. */
  readonly onConfig?: (config: WorkerConfig) => void;
  /** Called when `tokens` has another set. */
  readonly onTokens?: () => void;
};

/** The addresses of a process are those of its role. */
function assertSameRole({ role }: WorkerConfig, changed: WorkerConfig): void {
  if (changed.role === role) return;
  throw new LlmOpsError('config_invalid', `a ${role} cannot become a ${changed.role}`, {
    hint: 'restart it to give it another role',
  });
}

/** Looks at the engines when it resolves, with the configuration that it began with. Throws `config_invalid`. */
export async function openStack(
  options: OpenStackOptions,
): Promise<OpenStack & { readonly config: WorkerConfig }> {
  const { configDirectory, log, onReplicaChange, onConfig, onTokens } = options;
  const { config, text } = await loadWorkerConfig(configDirectory);
  const { tokens, followed } = await loadTokens(configDirectory, (count) => {
    log().info({ count }, 'tokens taken over');
    onTokens?.();
  });
  const chatRenderer = createChatRenderer();
  const registrations = new Registrations((event) => {
    const level = event.state === 'known' || event.state === 'left' ? 'info' : 'warn';
    log()[level](event, 'registration');
  });
  const stack = new LiveStack({
    chatRenderer,
    onReplicaChange: (replica) => {
      onReplicaChange(replica);
      const { id, state } = replica;
      log().info({ replica: id, state }, 'engine state');
      registrations.look();
    },
    readProgress: openEngineProgress(configDirectory),
  });
  stack.configure(config);
  let unfollow = (): void => undefined;
  const follow = (): void => {
    unfollow = followConfig({
      directory: configDirectory,
      text,
      onChange: (changed) => {
        assertSameRole(config, changed);
        stack.configure(changed);
        onConfig?.(changed);
        registrations.follow(stack.services);
        log().info('configuration taken over');
      },
      onError: (error) => {
        onTokens?.();
        log().error({ err: error }, 'configuration not taken over');
      },
      beside: [followed],
    });
  };
  return {
    config,
    stack,
    tokens,
    follow,
    announce: () => registrations.follow(stack.services),
    drain: () => {
      unfollow();
      stack.drain();
    },
    leave: () => registrations.close(),
    close: async () => {
      unfollow();
      await stack.close();
      await chatRenderer.close();
    },
  };
}
