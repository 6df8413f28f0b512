import { registerEnumType } from 'type-graphql';

export enum ExperimentLiveness {
  ALIVE = 'ALIVE',
  STALLED = 'STALLED',
  UNKNOWN = 'UNKNOWN',
  FINISHED = 'FINISHED',
}

registerEnumType(ExperimentLiveness, {
  name: 'ExperimentLiveness',
  description:
    'Whether a run that says RUNNING still shows signs of life. Computed when read; nothing stored changes. The silence ' +
    'after which it counts as stalled is 5 minutes unless the server is set otherwise; `serverInfo.limits` has it as ' +
    '`stalledAfterMinutes`.',
  valuesConfig: {
    ALIVE: { description: 'RUNNING, sends heartbeats, and was heard from within that time.' },
    STALLED: { description: 'RUNNING and used to send heartbeats, but has been silent for longer.' },
    UNKNOWN: { description: 'RUNNING without ever having sent a heartbeat: silence says nothing about it.' },
    FINISHED: { description: 'COMPLETED, FAILED or STOPPED.' },
  },
});
