import { registerEnumType } from 'type-graphql';

/** Values are the stored paths; that of LIVENESS, which is not stored, is only a name. */
export enum ExperimentOrderField {
  START_TIME = 'start_time',
  END_TIME = 'end_time',
  LAST_SEEN_AT = 'last_seen_at',
  NAME = 'experiment_name',
  STATUS = 'status',
  CHALLENGE = 'challenge',
  MODEL_NAME = 'model.name',
  BEST_VAL_LOSS = 'metrics.best_val_loss',
  BEST_EPOCH = 'metrics.best_epoch',
  TOTAL_EPOCHS = 'metrics.total_epochs',
  TRAINING_TIME_HOURS = 'metrics.training_time_hours',
  LIVENESS = 'liveness',
}

registerEnumType(ExperimentOrderField, {
  name: 'ExperimentOrderField',
  description: 'A field of a run to order by.',
  valuesConfig: {
    START_TIME: { description: 'When it began.' },
    END_TIME: { description: 'When it ended; runs that have not come last.' },
    LAST_SEEN_AT: { description: "Its trainer's last sign of life." },
    NAME: { description: 'Its name, by Unicode code points (upper case before lower case).' },
    STATUS: { description: 'Its status, in alphabetical order: completed, failed, running, stopped.' },
    CHALLENGE: { description: 'Number of its challenge.' },
    MODEL_NAME: { description: "Its model's name, by Unicode code points." },
    BEST_VAL_LOSS: { description: 'Lowest val_loss of its epochs.' },
    BEST_EPOCH: { description: 'The epoch of that loss.' },
    TOTAL_EPOCHS: { description: 'How many epochs are stored.' },
    TRAINING_TIME_HOURS: { description: 'Hours of training.' },
    LIVENESS: {
      description:
        'Its liveness: ALIVE, STALLED, UNKNOWN, FINISHED. Judged on all pages of a walk, `filter` included, as of the moment ' +
        'of the first one, which the cursors carry; the field `liveness` is as of now.',
    },
  },
});
