import { Field, ID, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What a deletion removed. Files on disk are not touched.' })
export class DeleteExperimentPayload {
  @Field(() => ID, { description: 'The id given.' })
  id!: string;

  @Field(() => Int, { description: 'Epochs removed.' })
  deletedEpochs!: number;

  @Field(() => Int, { description: 'Checkpoints removed.' })
  deletedCheckpoints!: number;
}
