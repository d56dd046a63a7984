/** The detached supervisor: `main.ts <job file>`. SIGHUP: take the new job from that file. SIGTERM, SIGINT: end everything. */
import { type Job, takeJob } from './state/job-file.ts';
import { Supervisor } from './supervisor/supervisor.ts';

const jobFile = process.argv[2];
if (jobFile === undefined) {
  console.error('usage: main.ts <job file>');
  process.exit(2);
}

function say(problem: unknown): void {
  const text = problem instanceof Error ? problem.message : String(problem);
  console.error(`${new Date().toISOString()} ${text}`);
}

try {
  await supervise(takeJob(jobFile), jobFile);
} catch (error) {
  say(error);
  process.exit(1);
}

async function supervise(first: Job, file: string): Promise<void> {
  const { directory, timing } = first;
  const supervisor = new Supervisor({
    directory,
    timing,
    mode: 'detached',
    env: process.env,
    onProblem: say,
  });
  const stop = (): void => {
    void supervisor.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    try {
      const job = takeJob(file);
      supervisor.apply(job, job.env).catch(say);
    } catch (error) {
      say(error);
    }
  });
  try {
    await supervisor.start(first);
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}
