import { Field, Int, ObjectType } from 'type-graphql';
import { BatchError } from './BatchError';

@ObjectType({
  description: 'What logEpochs did, in counts. created + replaced + unchanged + errors is the number of epochs given.',
})
export class LogEpochsPayload {
  @Field(() => Int, { description: 'Epochs stored for the first time.' })
  created!: number;

  @Field(() => Int, { description: 'Epochs whose content replaced another.' })
  replaced!: number;

  @Field(() => Int, { description: 'Epochs that were stored already, or kept.' })
  unchanged!: number;

  @Field(() => [BatchError], { description: 'Epochs that were not written, by index.' })
  errors!: BatchError[];
}
