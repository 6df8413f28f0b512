import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What revokeApiToken did.' })
export class RevokeApiTokenPayload {
  @Field(() => ID, { description: 'The id given.' })
  id!: string;
}
