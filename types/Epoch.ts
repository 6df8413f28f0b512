import { Field, Int, ObjectType } from 'type-graphql';
import { EpochMetrics } from './EpochMetrics';
import { EpochTiming } from './EpochTiming';
import { MemoryUsage } from './MemoryUsage';
import { Node, type DocumentId } from './Node';
import { DateTime } from './scalars/DateTime';

@ObjectType({
  implements: Node,
  description: 'What a trainer logged at the end of one epoch. An experiment has at most one record for each number.',
})
export class Epoch extends Node {
  readonly __typename = 'Epoch';

  experiment_id!: DocumentId;

  @Field(() => Int, { description: "The epoch's number, as the trainer counts: 0 or 1 is the first." })
  epoch!: number;

  @Field(() => EpochMetrics, { description: 'What was measured.' })
  metrics!: EpochMetrics;

  @Field(() => EpochTiming, { nullable: true, description: 'How long it took.' })
  timing!: EpochTiming | null;

  @Field(() => MemoryUsage, { nullable: true, description: 'Memory in use at its end.' })
  memory!: MemoryUsage | null;

  @Field(() => DateTime, { description: 'When it was logged, or the time that the trainer gave.' })
  timestamp!: Date;

  /** How often the record was written, from 1; 0 where another program wrote it. Tells events of one epoch apart. */
  version!: number;
}
