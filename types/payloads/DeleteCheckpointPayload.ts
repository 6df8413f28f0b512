import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What was removed.' })
export class DeleteCheckpointPayload {
  @Field(() => ID, { description: 'The id given.' })
  id!: string;
}
