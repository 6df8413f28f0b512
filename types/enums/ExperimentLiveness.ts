import { registerEnumType } from 'type-graphql';

export enum ExperimentLiveness {
  ALIVE = 'ALIVE',
  STALLED = 'STALLED',
  UNKNOWN = 'UNKNOWN',
  FINISHED = 'FINISHED',
}

registerEnumType(ExperimentLiveness, {
  name: 'ExperimentLiveness',
  description: 'Whether a run that says RUNNING still shows signs of life. Computed when read; nothing stored changes.',
  valuesConfig: {
    ALIVE: { description: 'RUNNING, sends heartbeats, and was heard from within the last 5 minutes.' },
    STALLED: { description: 'RUNNING and used to send heartbeats, but has been silent for more than 5 minutes.' },
    UNKNOWN: { description: 'RUNNING without ever having sent a heartbeat: silence says nothing about it.' },
    FINISHED: { description: 'COMPLETED, FAILED or STOPPED.' },
  },
});
