# The server on a MongoDB (MONGODB_URI); docker-compose.yml runs both. docs/operations.md says more.

FROM node:22-bookworm-slim AS build
WORKDIR /app
# The packages first: they are installed anew only when they change. None of them needs to run anything to be installed.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=4000
WORKDIR /app
# Everything belongs to root, and the server, which is another user, can change none of it.
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
COPY --from=build /app/package.json /app/schema.graphql ./
USER node
EXPOSE 4000
# Longer than DATABASE_WAIT_SECONDS, in which the server waits for its database.
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1, so that it gets the SIGTERM of `docker stop` and ends in good order.
CMD ["node", "bin/epochgraph.js", "serve"]
