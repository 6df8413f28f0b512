'use strict';

/*
 * A trainer as a process of its own, with nothing but Node: `node trainer.cjs URL INDEX SHARED`. Waits for a line on
 * stdin, so that many begin together, then creates an experiment and logs 20 epochs and two checkpoints to it, and five
 * epochs and a checkpoint to the experiment SHARED. Some calls are made several times, as a retry would. Any error ends
 * it with 1; at the end it prints what the server said it did, as JSON.
 */
const { once } = require('node:events');

const [, , url, indexText, shared] = process.argv;
const index = Number(indexText);
const EPOCHS = 20;
const SHARED_EPOCHS = 5;

const input = (type) => `($input: ${type}!)`;
const CREATE = `mutation ${input('CreateExperimentInput')} { result: createExperiment(input: $input) { outcome experiment { id } } }`;
const LOG = `mutation ${input('LogEpochInput')} { result: logEpoch(input: $input) { outcome } }`;
const SAVE = `mutation ${input('SaveCheckpointInput')} { result: saveCheckpoint(input: $input) { outcome checkpoint { isBest } } }`;

async function call(query, values) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input: values } }),
  });
  const text = await response.text();
  const answer = JSON.parse(text);
  if (response.status !== 200 || answer.errors || !answer.data) throw new Error(`status ${response.status}: ${text}`);
  return answer.data.result;
}

async function main() {
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');

  const { experiment } = await call(CREATE, { name: `writer ${index}` });
  const outcomes = { own: [], shared: [] };
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    // The best epoch is another one for each writer.
    const metrics = { val_loss: 0.5 + Math.abs(epoch - (index % EPOCHS)), train_loss: 20 - epoch };
    const content = { experimentId: experiment.id, epoch, metrics };
    outcomes.own.push((await call(LOG, content)).outcome);
    if (epoch === index % EPOCHS) outcomes.own.push((await call(LOG, content)).outcome);
    if (epoch % 4 === 1 && epoch / 4 < SHARED_EPOCHS) {
      const number = (epoch - 1) / 4;
      const retries = number === index % SHARED_EPOCHS ? index % 4 : 0;
      for (let time = 0; time <= retries; time++) {
        const same = {
          experimentId: shared,
          epoch: number,
          metrics: { val_loss: 2 - number / 10, train_loss: number },
        };
        outcomes.shared.push((await call(LOG, same)).outcome);
      }
    }
    if (epoch === 3 || epoch === 11) {
      await call(SAVE, { experimentId: experiment.id, epoch, isBest: true, file: { path: `own/${epoch}.pt` } });
    }
    if (epoch === 6) {
      await call(SAVE, { experimentId: shared, epoch: index, isBest: true, file: { path: `shared/${index}.pt` } });
    }
  }
  process.stdout.write(`${JSON.stringify({ id: experiment.id, outcomes })}\n`);
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
