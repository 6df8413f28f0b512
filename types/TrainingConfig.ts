import { Field, Float, Int, ObjectType } from 'type-graphql';
import { JSONObject } from './scalars/JSONObject';

@ObjectType({ description: "A run's hyperparameters. An open object: keys not listed here are in `all`." })
export class TrainingConfig {
  @Field(() => Int, { name: 'batchSize', nullable: true, description: 'Samples a step.' })
  batch_size!: number | null;

  @Field(() => Int, { name: 'maxEpochs', nullable: true, description: 'Epochs planned at most.' })
  max_epochs!: number | null;

  @Field(() => Float, { name: 'learningRate', nullable: true, description: 'Learning rate at the start.' })
  learning_rate!: number | null;

  @Field(() => String, { nullable: true, description: 'Name of the optimizer, such as "Adamax".' })
  optimizer!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the loss, such as "L1".' })
  loss!: string | null;

  @Field(() => Int, { nullable: true, description: 'Epochs without improvement before training stops early.' })
  patience!: number | null;

  @Field(() => Float, { name: 'cropSize', nullable: true, description: 'Length of an EEG window, in seconds.' })
  crop_size!: number | null;

  @Field(() => Int, { name: 'numWorkers', nullable: true, description: 'Processes that load data.' })
  num_workers!: number | null;

  @Field(() => Int, { name: 'prefetchFactor', nullable: true, description: 'Batches loaded ahead by each worker.' })
  prefetch_factor!: number | null;

  @Field(() => Boolean, {
    name: 'persistentWorkers',
    nullable: true,
    description: 'Whether the loading processes outlive an epoch.',
  })
  persistent_workers!: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether automatic mixed precision is on.' })
  amp!: boolean | null;

  @Field(() => String, { nullable: true, description: 'Where the run computes, such as "cpu" or "cuda:0".' })
  device!: string | null;

  @Field(() => JSONObject, { description: 'The stored object, every key, as logged.' })
  all!: Record<string, unknown>;
}
