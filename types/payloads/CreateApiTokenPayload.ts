import { Field, ObjectType } from 'type-graphql';
import { ApiToken } from '../ApiToken';

@ObjectType({ description: 'A new token, with its secret.' })
export class CreateApiTokenPayload {
  @Field(() => ApiToken, { description: 'The token.' })
  apiToken!: ApiToken;

  @Field(() => String, {
    description: 'What its bearer sends as `Authorization: Bearer SECRET`. It is in this answer and nowhere else.',
  })
  secret!: string;
}
