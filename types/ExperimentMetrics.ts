import { Field, Float, Int, ObjectType } from 'type-graphql';
import { MetricMap } from './scalars/MetricMap';
import { MetricValue } from './scalars/MetricValue';

@ObjectType({
  description:
    'What a run came to. Each time that an epoch is stored or removed, the first five are set to what all stored epochs ' +
    'say, so a list of runs never has to read their epochs. What the trainer itself says of them with createExperiment or ' +
    'updateExperimentStatus stands until then.',
})
export class ExperimentMetrics {
  @Field(() => MetricValue, {
    name: 'bestValLoss',
    nullable: true,
    description: 'Lowest val_loss over the stored epochs. NaN is never the best.',
  })
  best_val_loss!: number | null;

  @Field(() => Int, {
    name: 'bestEpoch',
    nullable: true,
    description: 'The epoch of bestValLoss; the earliest of equals.',
  })
  best_epoch!: number | null;

  @Field(() => Int, {
    name: 'totalEpochs',
    nullable: true,
    description: 'How many epochs there are. `epochCount` of the run counts those that are stored, whatever was said.',
  })
  total_epochs!: number | null;

  @Field(() => MetricValue, {
    name: 'finalTrainLoss',
    nullable: true,
    description: 'train_loss of the last epoch (the one with the highest number).',
  })
  final_train_loss!: number | null;

  @Field(() => MetricValue, {
    name: 'finalValLoss',
    nullable: true,
    description: 'val_loss of the last epoch (the one with the highest number).',
  })
  final_val_loss!: number | null;

  @Field(() => Float, {
    name: 'trainingTimeHours',
    nullable: true,
    description:
      "Hours of training. Filled in when the run ends, unless the trainer says it: the sum of the epochs' durations, " +
      'or the time from start to end where no epoch has one.',
  })
  training_time_hours!: number | null;

  @Field(() => MetricMap, { description: 'Every metric stored for the run as a whole, by its stored name.' })
  values!: Map<string, number>;
}
