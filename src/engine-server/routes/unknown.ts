import type { FastifyInstance } from 'fastify';

const METHODS = ['GET', 'POST', 'DELETE'] as const;

/** What is asked for and not there, in the words of vLLM's framework: they are in no `error`. */
export function addUnknownRoute(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const url = request.url.replace(/\?.*$/, '');
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url }));
    if (allowed.length === 0) return reply.code(404).send({ detail: 'Not Found' });
    return reply
      .code(405)
      .header('allow', allowed.join(', '))
      .send({ detail: 'Method Not Allowed' });
  });
}
