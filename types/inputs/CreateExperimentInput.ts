import { Field, ID, InputType, Int } from 'type-graphql';
import { ExperimentStatus } from '../enums/ExperimentStatus';
import { DateTime } from '../scalars/DateTime';
import { JSONObject } from '../scalars/JSONObject';
import { MetricMap } from '../scalars/MetricMap';

@InputType({ description: 'A new run.' })
export class CreateExperimentInput {
  @Field(() => ID, {
    nullable: true,
    description:
      'An ObjectId made by the client (24 hexadecimal digits). With it the call is safe to retry: the same id and ' +
      'content returns the stored run, the same id with other content fails with CONFLICT.',
  })
  id?: string | null;

  @Field(() => String, { description: 'Name of the run, 1 to 1024 characters; need not be unique.' })
  name!: string;

  @Field(() => Int, { nullable: true, description: 'Number of the challenge.' })
  challenge?: number | null;

  @Field(() => ExperimentStatus, {
    nullable: true,
    defaultValue: ExperimentStatus.RUNNING,
    description: 'Where the run stands; something other than RUNNING for one that is over, such as an import.',
  })
  status?: ExperimentStatus | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'The model, such as {"name": "EEGNeX", "parameters": 2457821}. Known keys are those of ModelInfo.',
  })
  model?: Record<string, unknown> | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'Hyperparameters, such as {"batch_size": 16}. Known keys are the stored names of TrainingConfig.',
  })
  config?: Record<string, unknown> | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'The data, such as {"releases": ["R1"]}. Known keys are the stored names of DatasetInfo.',
  })
  dataset?: Record<string, unknown> | null;

  @Field(() => MetricMap, {
    nullable: true,
    description:
      "Metrics of the run as a whole. The server's own (see ExperimentMetrics) take over with the first epoch.",
  })
  metrics?: Map<string, number> | null;

  @Field(() => DateTime, { nullable: true, description: 'When the run began; now if left out.' })
  startTime?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the run ended; only with a status other than RUNNING.' })
  endTime?: Date | null;

  @Field(() => String, { nullable: true, description: 'Who started the run.' })
  createdBy?: string | null;

  @Field(() => String, { nullable: true, description: 'Machine that the run trains on.' })
  hostname?: string | null;

  @Field(() => [String], { nullable: true, description: 'Labels; repeated ones count once.' })
  tags?: string[] | null;

  @Field(() => String, { nullable: true, description: 'Free text.' })
  note?: string | null;

  @Field(() => ID, { nullable: true, description: 'The run that this one continues. Must exist.' })
  parentExperimentId?: string | null;

  @Field(() => String, { nullable: true, description: 'Folder of the checkpoints; opaque text.' })
  checkpointDir?: string | null;

  @Field(() => String, { nullable: true, description: 'Identifier in the store that the run is imported from.' })
  legacyId?: string | null;
}
