import { Field, Int, ObjectType } from 'type-graphql';
import { BatchError } from './BatchError';

@ObjectType({
  description: 'What upsertSubjects did, in counts. created + updated + unchanged + errors is the number given.',
})
export class UpsertSubjectsPayload {
  @Field(() => Int, { description: 'Subjects stored for the first time.' })
  created!: number;

  @Field(() => Int, { description: 'Subjects whose stored fields changed.' })
  updated!: number;

  @Field(() => Int, { description: 'Subjects stored already with all the fields given.' })
  unchanged!: number;

  @Field(() => [BatchError], { description: 'Subjects that were not written, by index.' })
  errors!: BatchError[];
}
