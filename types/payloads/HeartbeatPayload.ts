import { Field, ObjectType } from 'type-graphql';
import { Experiment } from '../Experiment';

@ObjectType({ description: 'What a heartbeat left.' })
export class HeartbeatPayload {
  @Field(() => Experiment, { description: 'The run, just seen.' })
  experiment!: Experiment;
}
