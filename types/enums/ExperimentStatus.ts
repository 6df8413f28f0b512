import { registerEnumType } from 'type-graphql';

/** Stored values: the seed's lower-case words. */
export enum ExperimentStatus {
  RUNNING = 'running',
  COMPLETED = 'completed',
  FAILED = 'failed',
  STOPPED = 'stopped',
}

registerEnumType(ExperimentStatus, {
  name: 'ExperimentStatus',
  description:
    'Where a training run stands, as its trainer last said. See ExperimentLiveness for whether to believe it.',
  valuesConfig: {
    RUNNING: { description: 'Training, as far as the trainer has said.' },
    COMPLETED: { description: 'Ran to its planned end, early stopping included.' },
    FAILED: { description: 'Ended by an error.' },
    STOPPED: { description: 'Ended by a person before its planned end.' },
  },
});
