import { Field, ObjectType } from 'type-graphql';
import { Role } from './enums/Role';

@ObjectType({ description: 'Who the caller is to the server.' })
export class Viewer {
  @Field(() => String, {
    nullable: true,
    description: "The token's name; null on a server that asks for no token, where everybody is ADMIN.",
  })
  name!: string | null;

  @Field(() => Role, { description: 'What the caller may do.' })
  role!: Role;
}
