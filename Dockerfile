# The image of the worker, the gateway and the simulator: Node, the production dependencies, and the sources without their types.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund --loglevel=error

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Only the compiler is needed here; no package's script is.
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npx --no-install tsc -p tsconfig.build.json

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
RUN mkdir compiled && chown node:node compiled
# Files of a checkout may be readable by their owner only; the image's user reads these.
COPY --from=build --chown=node:node /app/built ./
COPY --chown=node:node templates ./templates
USER node
# What the compiler makes of the worker is kept, which is half of the time that it takes to start. Without a configuration it ends when it
# has loaded all.
ENV NODE_COMPILE_CACHE=/app/compiled
RUN node --min-semi-space-size=4 --max-semi-space-size=16 --no-parallel-scavenge src/worker/main.js; test -n "$(ls compiled)"
# As in src/config/worker-config.ts: what a token leaves behind is collected soon.
ENTRYPOINT ["node", "--min-semi-space-size=4", "--max-semi-space-size=16", "--no-parallel-scavenge"]
CMD ["src/worker/main.js"]
