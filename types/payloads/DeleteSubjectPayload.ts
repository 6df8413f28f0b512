import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What was removed.' })
export class DeleteSubjectPayload {
  @Field(() => String, { description: 'The identifier given.' })
  subjectId!: string;
}
