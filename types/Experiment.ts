import { Field, Int, ObjectType } from 'type-graphql';
import { DatasetInfo } from './DatasetInfo';
import { ExperimentStatus } from './enums/ExperimentStatus';
import { ExperimentMetrics } from './ExperimentMetrics';
import { ModelInfo } from './ModelInfo';
import { Node, type DocumentId } from './Node';
import { DateTime } from './scalars/DateTime';
import { TrainingConfig } from './TrainingConfig';

@ObjectType({
  implements: Node,
  description: 'One training run: its configuration and outcome, with its epochs, checkpoints and subjects.',
})
export class Experiment extends Node {
  readonly __typename = 'Experiment';

  @Field(() => String, { name: 'name', description: 'Name given by the trainer; not unique.' })
  experiment_name!: string;

  @Field(() => Int, { nullable: true, description: 'Number of the challenge that the run is for.' })
  challenge!: number | null;

  @Field(() => ExperimentStatus, { description: 'Where the run stands, as its trainer last said.' })
  status!: ExperimentStatus;

  @Field(() => ModelInfo, { nullable: true, description: 'The model trained.' })
  model!: ModelInfo | null;

  @Field(() => TrainingConfig, { description: 'Hyperparameters.' })
  config!: TrainingConfig;

  @Field(() => DatasetInfo, { nullable: true, description: 'The data trained on.' })
  dataset!: DatasetInfo | null;

  @Field(() => ExperimentMetrics, { description: 'What the run came to, kept true while epochs arrive.' })
  metrics!: ExperimentMetrics;

  @Field(() => DateTime, { name: 'startTime', description: 'When the run began.' })
  start_time!: Date;

  @Field(() => DateTime, { name: 'endTime', nullable: true, description: 'When the run ended; null while RUNNING.' })
  end_time!: Date | null;

  @Field(() => DateTime, {
    name: 'lastSeenAt',
    nullable: true,
    description: "The trainer's last sign of life: a heartbeat or a write.",
  })
  last_seen_at!: Date | null;

  /** Set by heartbeats alone: silence means something only for a trainer that used to send them. */
  last_heartbeat_at!: Date | null;

  @Field(() => String, { name: 'createdBy', nullable: true, description: 'Who started the run.' })
  created_by!: string | null;

  @Field(() => String, { nullable: true, description: 'Machine that the run trains on.' })
  hostname!: string | null;

  @Field(() => [String], { description: 'Labels, each once, in the order they were added.' })
  tags!: string[];

  @Field(() => String, { nullable: true, description: 'Free text.' })
  note!: string | null;

  @Field(() => String, {
    name: 'checkpointDir',
    nullable: true,
    description: 'Folder of the checkpoints, as logged. Opaque text: the server never opens it.',
  })
  checkpoint_dir!: string | null;

  @Field(() => String, {
    name: 'legacyId',
    nullable: true,
    description: 'Identifier in the store it was imported from, such as "sqlite:training_runs:34".',
  })
  legacy_id!: string | null;

  parent_experiment_id!: DocumentId | null;
}
