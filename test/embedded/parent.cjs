/* A process that starts an embedded database and then waits to be killed, or to be told to close it. */
const [, , startFile, dataDir] = process.argv;
const { start } = require(startFile);

start({ dataDir, noSync: true }).then(
  (database) => {
    process.on('message', () => void database.close().then(() => process.exit(0)));
    process.send({ uri: database.uri });
  },
  (error) => {
    process.send({ error: `${error.name}: ${error.message}` });
    process.exitCode = 1;
    process.disconnect();
  },
);
